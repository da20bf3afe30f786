#include "tools/crash/check.hpp"

#include <bit>
#include <map>
#include <span>

#include <fmt/format.h>

namespace assemblier::crash {

using storage::ErrorKind;
using storage::Hash;

namespace {

// MTH of RFC 6962 § 2.1, by its words.
Hash naive_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return storage::sha256({});
  if (leaves.size() == 1) return leaves[0];
  const std::size_t split = std::bit_floor(leaves.size() - 1);
  return storage::sha256("\x01" + storage::to_bytes(naive_root(leaves.first(split))) +
                         storage::to_bytes(naive_root(leaves.subspan(split))));
}

struct Everything {
  std::vector<storage::StoredEvent> events;
  std::map<std::string, storage::FluxLeaf> flux;  // in bytewise order
};

Violation read_everything(storage::Journal& journal, Everything& all) {
  const auto report = journal.verify({});
  if (!report) return "la vérification ne se fait pas : " + report.error().message;
  if (!report->findings.empty()) return "la vérification trouve : " + report->findings.front().message;
  const auto read = journal.read_all({}, [&all](const storage::StoredEvent& event) {
    const auto& header = event.header;
    all.flux[header.flux] = {.flux = header.flux, .version = header.version, .hash = storage::event_hash(event.stored)};
    all.events.push_back(event);
    return header.position.value + 1 == all.events.size();
  });
  if (!read) return "les événements ne se lisent pas : " + read.error().message;
  for (std::size_t i = 0; i < all.events.size(); ++i) {
    if (all.events[i].header.position.value != i) return fmt::format("un trou dans les positions avant la {}", i);
  }
  const auto info = journal.info();
  if (!info) return info.error().message;
  if (info->next.value != all.events.size() || info->flux_count != all.flux.size())
    return fmt::format("les compteurs disent {} événements et {} flux, il y en a {} et {}", info->next.value,
                       info->flux_count, all.events.size(), all.flux.size());
  return {};
}

Violation check_roots(storage::Journal& journal, const Everything& all) {
  std::vector<Hash> leaves;
  for (const auto& event : all.events) leaves.push_back(storage::event_hash(event.stored));
  std::vector<Hash> flux;
  for (const auto& [name, leaf] : all.flux) flux.push_back(storage::flux_leaf_hash(leaf));
  const auto head = journal.tree_head({});
  if (!head) return "pas de tête : " + head.error().message;
  if (head->size != leaves.size() || head->root != naive_root(leaves))
    return "la racine n'est pas celle des événements";
  if (head->flux.count != flux.size() || head->flux.root != naive_root(flux))
    return "la racine des flux n'est pas celle des événements";
  return {};
}

// Whether the events from `first` on are those of the request.
Violation check_events(const storage::AppendRequest& request, const storage::StoredOutcome& stored,
                       const Everything& all) {
  const std::string& id = request.outcome->acte_id;
  if (stored.count != request.events.size() || stored.first.value + stored.count > all.events.size())
    return fmt::format("l'acte {} compte {} événements sur {}", id, stored.count, request.events.size());
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    const auto& sent = request.events[i];
    const auto& there = all.events[stored.first.value + i];
    const auto& header = there.header;
    if (header.acte_id != id || header.event_id != sent.event_id || header.flux != sent.flux ||
        header.type != sent.type || header.role != sent.role || header.author != sent.author ||
        header.date_effet != sent.date_effet || header.edition != sent.edition || there.payload != sent.payload)
      return fmt::format("la position {} n'est pas l'événement {} de l'acte {}", stored.first.value + i, i, id);
  }
  return {};
}

// What is owed to one sender.
Violation check_sender(storage::Journal& journal, const Sender& sender, const std::vector<Answer>& answers,
                       const Everything& all, std::vector<storage::StoredOutcome>& kept) {
  std::optional<std::string> missing;  // the first acte that is not there
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < sender.planned.size(); ++i) {
    const Planned& planned = sender.planned[i];
    const storage::AppendRequest& request = planned.request;
    const std::string& id = request.outcome->acte_id;
    const bool acknowledged = answers[i] && answers[i]->has_value();
    if (planned.again || planned.refused == ErrorKind::kOtherContent) continue;  // the id of another request
    auto stored = journal.outcome(id);
    if (!stored) return fmt::format("la réponse de l'acte {} ne se lit pas : {}", id, stored.error().message);
    if (planned.refused) {
      if (*stored) return fmt::format("l'acte {}, qui était refusé, est inscrit", id);
      continue;
    }
    if (!*stored) {
      if (acknowledged) return fmt::format("l'acte {}, accusé, est perdu", id);
      if (!missing) missing = id;
      continue;
    }
    if (missing) return fmt::format("l'acte {} est là, {} envoyé avant lui n'y est pas", id, *missing);
    const auto same = journal.same_request(**stored, request.outcome->fingerprint);
    if (!same || !*same || (*stored)->outcome.answer != request.outcome->answer)
      return fmt::format("la réponse gardée de l'acte {} n'est pas la sienne", id);
    if (auto wrong = check_events(request, **stored, all)) return wrong;
    if ((*stored)->count > 0 && (*stored)->first.value < end) return fmt::format("l'acte {} n'est pas à son rang", id);
    if ((*stored)->count > 0) end = (*stored)->first.value + (*stored)->count;
    if (acknowledged && (*answers[i])->count > 0 && (*answers[i])->first != (*stored)->first)
      return fmt::format("l'acte {}, accusé à la position {}, est à la position {}", id, (*answers[i])->first.value,
                         (*stored)->first.value);
    kept.push_back(std::move(**stored));
  }
  return {};
}

}  // namespace

Violation judge_answer(const Planned& planned, const storage::Result<storage::AppendResult>& answer, bool struck) {
  const std::string& id = planned.request.outcome->acte_id;
  if (!answer) {
    if (answer.error().kind == planned.refused) return {};
    if (answer.error().kind != ErrorKind::kIo || !struck)
      return fmt::format("l'acte {} reçoit l'erreur « {} »", id, answer.error().message);
    if (answer.error().message.find("n'accepte plus") == std::string::npos)
      return fmt::format("l'arrêt du journal n'est pas dit à l'acte {} : « {} »", id, answer.error().message);
    return {};
  }
  if (planned.refused) return fmt::format("l'acte {}, à refuser, est accepté", id);
  if (answer->already != planned.again || answer->count != planned.request.events.size())
    return fmt::format("l'acte {} reçoit une autre réponse que la sienne", id);
  if (answer->already && answer->answer != planned.request.outcome->answer)
    return fmt::format("l'acte {}, déjà inscrit, ne reçoit pas sa première réponse", id);
  return {};
}

Violation check_kept(storage::Journal& journal, const Load& load, const Answers& answers, Kept& kept) {
  kept = {};
  Everything all;
  if (auto wrong = read_everything(journal, all)) return wrong;
  if (auto wrong = check_roots(journal, all)) return wrong;
  for (std::size_t s = 0; s < load.senders.size(); ++s) {
    auto& outcomes = kept.outcomes.emplace_back();
    if (auto wrong = check_sender(journal, load.senders[s], answers[s], all, outcomes)) return wrong;
    for (const auto& outcome : outcomes) kept.events += outcome.count;
  }
  if (kept.events != all.events.size())
    return fmt::format("{} événements sont là, {} sont des actes envoyés", all.events.size(), kept.events);
  return {};
}

Violation send_again(storage::Journal& journal, const Load& load, const Kept& kept, Answers& answers) {
  for (std::size_t s = 0; s < load.senders.size(); ++s) {
    // A conflict might be none now that later actes are there; all else has the same answer at any time.
    std::vector<std::size_t> sent;
    std::vector<storage::AppendRequest> requests;
    const auto& planned = load.senders[s].planned;
    for (std::size_t i = 0; i < planned.size(); ++i) {
      if (planned[i].refused && planned[i].refused != ErrorKind::kOtherContent) continue;
      sent.push_back(i);
      requests.push_back(planned[i].request);
    }
    const auto done = journal.submit_all(std::move(requests)).get();
    std::size_t writing = 0;
    for (std::size_t n = 0; n < sent.size(); ++n) {
      Planned expected = planned[sent[n]];
      if (expected.writes()) {
        const auto& outcomes = kept.outcomes[s];
        expected.again = writing < outcomes.size();
        if (expected.again && done[n] && done[n]->count > 0 && done[n]->first != outcomes[writing].first)
          return fmt::format("l'acte {} renvoyé reçoit une autre position", outcomes[writing].outcome.acte_id);
        ++writing;
      }
      if (auto wrong = judge_answer(expected, done[n], false)) return "renvoyé : " + *wrong;
      answers[s][sent[n]] = done[n];
    }
  }
  return {};
}

}  // namespace assemblier::crash
