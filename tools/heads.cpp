#include "tools/heads.hpp"

#include "tools/commands.hpp"
#include "tools/opening.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::tools {

TrustedHead read_trusted_head(const std::string& file, const std::string& trusted) {
  const auto keys = read_trusted(trusted);
  const auto note = read_head(file);
  TrustedHead head{.head = *storage::parse_checkpoint(note.text), .signers = {}};
  auto signers = storage::check_note(note, keys);
  if (!signers) throw Failure{Exit::kNo, fmt::format("la tête {} n'est pas sûre : {}", file, signers.error())};
  head.signers = std::move(*signers);
  if (std::ranges::none_of(head.signers, [&](const auto& key) { return key.name == head.head.origin; })) {
    throw Failure{Exit::kNo,
                  fmt::format("la tête {} n'est pas signée par « {} », dont elle dit venir", file, head.head.origin)};
  }
  return head;
}

std::optional<TrustedHead> head_of(const Session& session, const EvidenceOptions& options) {
  if (options.head.empty() != options.trusted.empty()) {
    throw Failure{Exit::kUsage,
                  "« --tete » et « --confiance » vont ensemble : la tête signée, et les clefs qui peuvent la signer"};
  }
  if (options.head.empty()) return std::nullopt;
  auto head = read_trusted_head(options.head, options.trusted);
  const auto info = open_journal(session, Access::kRead)->info();
  if (info && info->journal_id != head.head.journal_id) {  // what is wrong with it is verify()'s to say
    throw Failure{Exit::kNo, fmt::format("la tête {} est celle du journal {}, non de celui-ci ({}) ; donner la sienne",
                                         options.head, head.head.journal_id, info->journal_id)};
  }
  return head;
}

void require_head(storage::Journal& journal, const storage::Checkpoint& head, const std::string& file) {
  const auto info = must(journal.info());
  if (info.journal_id != head.journal_id) {
    throw Failure{Exit::kNo, fmt::format("la tête {} est celle du journal {}, non de celui-ci ({}) ; donner la sienne",
                                         file, head.journal_id, info.journal_id)};
  }
  if (const std::uint64_t events = info.next.value; events < head.size) {
    throw Failure{Exit::kDamaged,
                  fmt::format("ce journal s'arrête avant la tête {} : il compte {}, elle en compte {} ; ou c'est une "
                              "copie plus ancienne, et il faut celle qui va jusque-là, ou la fin est perdue",
                              file, counted(events, "événement", "événements"), grouped(head.size))};
  }
  const auto here = must(journal.tree_head(head.size));
  if (here.root == head.root && here.flux.count == head.flux_count && here.flux.root == head.flux_root) return;
  throw Failure{
      Exit::kNo,
      fmt::format("rien ne se prouve sous la tête {} : ce journal a une autre racine à {} ; ou elle n'est pas "
                  "de lui, ou il a été récrit (« journal verifier --tete {} --confiance C » le dit)",
                  file, counted(head.size, "événement", "événements"), file)};
}

std::optional<std::string> departs_from(storage::Journal& journal, const storage::Checkpoint& head) {
  const auto info = journal.info();
  if (!info) return info.error().message;
  if (const std::uint64_t events = info->next.value; events < head.size) {
    const std::string where = events == 0 ? "avant son premier événement" : fmt::format("à la position {}", events - 1);
    return fmt::format(
        "journal arrêté {} : il compte {}, la tête signée en compte {} ; la suite est perdue ici, repartir "
        "d'une sauvegarde",
        where, counted(events, "événement", "événements"), grouped(head.size));
  }
  const auto here = journal.tree_head(head.size);
  if (!here) return here.error().message;
  if (here->root != head.root || here->flux.count != head.flux_count || here->flux.root != head.flux_root) {
    return fmt::format("journal récrit : {}, et leur racine n'est pas celle de la tête signée ; garder les deux",
                       head.size == 1 ? "son premier événement n'est plus celui qui a été scellé"
                                      : fmt::format("ses {} premiers événements ne sont plus ceux qui ont été scellés",
                                                    grouped(head.size)));
  }
  return {};
}

}  // namespace assemblier::tools
