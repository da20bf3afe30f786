#pragma once
// The states of many objets at once, folded from one walk through the journal. Kept small: names of fields once for
// all, values as the octets of their events, decoded when a state is asked for.
//
// What Journal::scan does not check is not checked here either (payload hashes, chain); values are decoded strictly
// when their state is asked for. For building what can be built again; decide on what Engine::live reads.
//
// Thread-safety: a States belongs to one thread at a time; read_states runs several of its own.
//
//   auto states = read_states(journal, {.category = "dossier", .threads = 2});
//   if (auto state = states->find("dossier/2024-001"); state && *state) use((*state)->etat);

#include "engine/state.hpp"
#include "storage/journal.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::engine {

class States {
 public:
  /// In as many `parts` (1 or more) as threads may fold at once: a flux belongs to one of them, part_of says which.
  explicit States(std::size_t parts = 1);
  States(States&&) noexcept;
  States& operator=(States&&) noexcept;
  ~States();

  /// evolve on stored bytes: the same effects as `fold` of state.hpp. An event that is in error is not applied, or in
  /// part. REQUIRES the events of a flux in their order. Different parts may be folded by different threads.
  [[nodiscard]] std::expected<void, std::string> fold(const storage::EventView& event);
  /// The same, where hash_of(event.flux) is known already.
  [[nodiscard]] std::expected<void, std::string> fold(const storage::EventView& event, std::size_t hash);
  /// Events of the fluxes of these hashes, in one part, are soon to be folded: `values` first, `place` last. Makes that
  /// faster, changes nothing.
  void expect(std::size_t part, std::size_t place, std::size_t objet, std::size_t values) const;
  [[nodiscard]] static std::size_t hash_of(std::string_view flux);
  /// The part of the flux of that hash.
  [[nodiscard]] std::size_t part_of(std::size_t hash) const;

  /// Number of objets.
  [[nodiscard]] std::size_t size() const;
  /// The state of one; nothing when no event was folded for it. French error when a value does not decode.
  [[nodiscard]] std::expected<std::optional<State>, std::string> find(std::string_view flux) const;
  /// Calls `visit` with each, in no order to rely on, until it returns false.
  [[nodiscard]] std::expected<void, std::string> each(const std::function<bool(const State&)>& visit) const;

 private:
  class Part;
  std::vector<std::unique_ptr<Part>> parts_;
};

struct StatesOptions {
  std::string category{};  ///< only the objets of it; empty: all
  unsigned threads = 1;    ///< 1 to 64, the caller's included: as many cores are kept busy
};

/// The states that all events of the journal leave. Errors as Journal::scan; kDamaged for effects that do not decode.
[[nodiscard]] storage::Result<States> read_states(storage::Journal& journal, const StatesOptions& options);

}  // namespace assemblier::engine
