#include "tools/crash/load.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace assemblier::crash {

using storage::ErrorKind;
using storage::Expectation;

namespace {

constexpr std::string_view kShared = "tous";

class Planner {
 public:
  Planner(std::mt19937_64& random, std::size_t number, std::size_t requests)
      : random_(random), number_(number), wanted_(requests) {}

  Sender plan() {
    while (sender_.planned.size() < wanted_) {
      const std::size_t first = sender_.planned.size();
      if (one_in(9)) {
        chain();
      } else {
        for (std::size_t count = one_in(4) ? 2 + below(12) : 1; count > 0; --count) single();
      }
      const bool chained = sender_.planned[first].chain != 0;
      sender_.steps.push_back(
          {.way = chained ? (one_in(2) ? Way::kSubmit : Way::kTogether) : static_cast<Way>(below(3)),
           .first = first,
           .count = sender_.planned.size() - first,
           .wait = !one_in(3)});
    }
    return std::move(sender_);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t many) { return below(many) == 0; }
  std::string own_flux() { return fmt::format("envoi-{}/{}", number_, below(4)); }

  Expectation where_it_stands(const std::string& flux) {
    const auto found = versions_.find(flux);
    if (found == versions_.end()) return {.flux = flux, .kind = Expectation::Kind::kNone};
    return {.flux = flux, .kind = Expectation::Kind::kExactly, .version = {found->second}};
  }
  Expectation where_it_never_stands(const std::string& flux) {
    if (one_in(2) && versions_.contains(flux)) return {.flux = flux, .kind = Expectation::Kind::kNone};
    return {.flux = flux, .kind = Expectation::Kind::kExactly, .version = {1'000'000}};
  }

  storage::Bytes payload() {
    const std::size_t size = one_in(40) ? below(90'000) : one_in(6) ? below(6000) : 8 + below(300);
    storage::Bytes octets(size, '\0');
    for (char& octet : octets) octet = static_cast<char>(random_() & 0xFFU);
    return octets;
  }

  // Events of one acte, and what is expected of their flux.
  Planned request(std::size_t events) {
    const std::string id = fmt::format("{}.{}", number_, ++ids_);
    Planned planned;
    planned.request.outcome = {
        .acte_id = id, .fingerprint = storage::sha256(id), .answer = one_in(5) ? payload() : "réponse " + id};
    const std::string flux = own_flux();
    if (one_in(2)) planned.request.expected.push_back(where_it_stands(flux));
    for (std::size_t i = 0; i < events; ++i) {
      storage::NewEvent event;
      event.flux = one_in(4) ? std::string(kShared) : flux;
      event.type = "changement";
      event.date_effet = static_cast<std::int32_t>(below(30'000));
      event.role = "auteur";
      event.author = fmt::format("envoi {}", number_);
      event.acte_id = id;
      event.event_id = storage::new_event_id(id, static_cast<std::uint32_t>(i));
      event.edition = storage::sha256("édition");
      event.payload = payload();
      planned.request.events.push_back(std::move(event));
    }
    return planned;
  }

  void accept(Planned planned) {
    for (const auto& event : planned.request.events) {
      const auto [at, opened] = versions_.try_emplace(event.flux, 0);
      if (!opened) ++at->second;
    }
    accepted_.push_back(sender_.planned.size());
    sender_.planned.push_back(std::move(planned));
  }

  void refuse(Planned planned, ErrorKind kind) {
    planned.refused = kind;
    sender_.planned.push_back(std::move(planned));
  }

  void conflict(std::size_t chain_number = 0) {
    Planned planned = request(1 + below(2));
    planned.chain = chain_number;
    planned.request.expected = {where_it_never_stands(own_flux())};
    refuse(std::move(planned), ErrorKind::kConflict);
  }

  void single() {
    const std::uint64_t dice = below(100);
    if (dice < 8) return conflict();
    if (dice < 10) {
      Planned planned = request(1);
      planned.request.events[0].flux.clear();
      planned.request.expected.clear();
      return refuse(std::move(planned), ErrorKind::kInvalid);
    }
    if (dice < 22 && !accepted_.empty()) {
      Planned copy = sender_.planned[accepted_[below(accepted_.size())]];
      copy.chain = 0;
      if (dice < 18) {
        copy.again = true;
        sender_.planned.push_back(std::move(copy));
        return;
      }
      copy.request.outcome->fingerprint = storage::sha256("autre contenu");
      return refuse(std::move(copy), ErrorKind::kOtherContent);
    }
    accept(request(dice < 32 ? 0 : 1 + below(3)));  // without events: an acte refused by the rules
  }

  void chain() {
    const std::size_t number = ++chains_;
    const std::size_t length = 2 + below(6);
    const std::size_t broken = one_in(3) ? below(length) : length;
    for (std::size_t i = 0; i < length; ++i) {
      if (i == broken) {
        conflict(number);
        continue;
      }
      Planned planned = request(1 + below(2));
      planned.chain = number;
      i < broken ? accept(std::move(planned)) : refuse(std::move(planned), ErrorKind::kConflict);
    }
  }

  std::mt19937_64& random_;
  const std::size_t number_;
  const std::size_t wanted_;
  Sender sender_;
  std::map<std::string, std::uint64_t> versions_;  // last one of each flux, shared ones excepted by use
  std::vector<std::size_t> accepted_;
  std::size_t ids_ = 0;
  std::size_t chains_ = 0;
};

}  // namespace

std::size_t Load::requests() const {
  std::size_t sum = 0;
  for (const Sender& sender : senders) sum += sender.planned.size();
  return sum;
}

Load make_load(std::mt19937_64& random) {
  Load load;
  const std::size_t senders = random() % 2 == 0 ? 1 : 2 + random() % 3;
  const std::size_t requests = 4 + random() % (random() % 6 == 0 ? 300 : 60);
  for (std::size_t i = 0; i < senders; ++i) load.senders.push_back(Planner(random, i, requests / senders + 1).plan());
  return load;
}

Answers no_answers(const Load& load) {
  Answers answers;
  for (const Sender& sender : load.senders) answers.emplace_back(sender.planned.size());
  return answers;
}

void send(storage::Journal& journal, const Sender& sender, std::size_t first, std::size_t last,
          const Answered& answered) {
  struct Waiting {
    std::size_t first;
    std::future<storage::Result<storage::AppendResult>> one;
    std::future<std::vector<storage::Result<storage::AppendResult>>> together;
  };
  std::vector<Waiting> waiting;
  std::map<std::size_t, std::shared_ptr<storage::Chain>> chains;
  const auto request_of = [&](std::size_t i) {
    storage::AppendRequest request = sender.planned[i].request;
    if (const std::size_t chain = sender.planned[i].chain; chain != 0) {
      auto& shared = chains[chain];
      if (!shared) shared = std::make_shared<storage::Chain>();
      request.chain = shared;
    }
    return request;
  };
  const auto collect = [&] {
    for (Waiting& item : waiting) {
      if (item.one.valid()) {
        answered(item.first, item.one.get());
        continue;
      }
      const auto answers = item.together.get();
      for (std::size_t i = 0; i < answers.size(); ++i) answered(item.first + i, answers[i]);
    }
    waiting.clear();
  };
  for (std::size_t s = first; s < last; ++s) {
    const Step& step = sender.steps[s];
    const std::size_t end = step.first + step.count;
    switch (step.way) {
      case Way::kAppend:
        for (std::size_t i = step.first; i < end; ++i) answered(i, journal.append(request_of(i)));
        break;
      case Way::kSubmit:
        for (std::size_t i = step.first; i < end; ++i)
          waiting.push_back({.first = i, .one = journal.submit(request_of(i))});
        break;
      case Way::kTogether: {
        std::vector<storage::AppendRequest> requests;
        for (std::size_t i = step.first; i < end; ++i) requests.push_back(request_of(i));
        waiting.push_back({.first = step.first, .together = journal.submit_all(std::move(requests))});
        break;
      }
    }
    if (step.wait) collect();
  }
  collect();
}

}  // namespace assemblier::crash
