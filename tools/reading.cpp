// journal suivre, and what is read of a journal.

#include "tools/reading.hpp"

#include "dsl/text.hpp"
#include "storage/subscription.hpp"
#include "tools/background.hpp"
#include "tools/cloud_events.hpp"
#include "tools/opening.hpp"

namespace assemblier::tools {

storage::Selection selection_of(const SelectionOptions& options) {
  storage::Selection selection{.flux = dsl::nfc(options.flux),
                               .category = dsl::nfc(options.category),
                               .type = dsl::nfc(options.type),
                               .acte_id = dsl::nfc(options.acte)};
  if (!selection.flux.empty() && selection.flux.find('/') == std::string::npos)
    selection.flux = flux_of(selection.flux);
  if (selection.category.ends_with('/')) selection.category.pop_back();
  return selection;
}

Exit journal_suivre(Session& session, const SelectionOptions& options, std::optional<std::uint64_t> patience) {
  using std::chrono::steady_clock;
  catch_interruptions();  // so that the links to the journal's files are removed
  const std::string source = "urn:uuid:" + must(open_journal(session, Access::kRead)->info()).journal_id;
  auto subscription = storage::Subscription::beside(session.journal, selection_of(options), from_of(options));
  std::uint64_t done = 0;
  auto last = steady_clock::now();
  while (!interrupted() && done != options.limit) {
    const auto events = must(subscription.next(storage::Subscription::kInterval));
    for (const auto& event : events) {
      session.out.line(to_text(cloud_event(event, source)));
      if (++done == options.limit) break;
    }
    session.out.flush();
    const auto now = steady_clock::now();
    if (!events.empty()) last = now;
    if (patience && now - last >= std::chrono::seconds(*patience)) break;
  }
  return Exit::kDone;
}

}  // namespace assemblier::tools
