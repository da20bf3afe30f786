// All objets of a category, typed.

#include "engine/shell.hpp"
#include "engine/states.hpp"

#include <algorithm>
#include <thread>

namespace assemblier::engine {

namespace {

// An event read through the index of its flux costs about this many read in a walk.
constexpr std::uint64_t kWalked = 10;
constexpr unsigned kThreads = 4;  // beyond, the walk itself is what one waits for

}  // namespace

storage::Result<void> Engine::each_live(std::string_view category, const std::function<bool(Live&)>& visit) {
  std::vector<std::string> all;
  std::uint64_t events = 0;
  auto listed =
      impl_->journal.list_flux(std::string(category) + "/", [&](std::string_view flux, const storage::FluxHead& head) {
        all.emplace_back(flux);
        events += head.version.value + 1;
        return true;
      });
  if (!listed) return listed;
  auto info = impl_->journal.info();
  if (!info) return std::unexpected(std::move(info.error()));
  std::optional<States> states;
  if (events * kWalked > info->next.value) {
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, kThreads);
    auto read = read_states(impl_->journal, {.category = std::string(category), .threads = threads});
    if (!read) return std::unexpected(std::move(read.error()));
    states = std::move(*read);
  }
  for (const std::string& flux : all) {
    auto live = states ? impl_->typed(flux, states->find(flux)) : impl_->load(flux);
    if (!live) return std::unexpected(std::move(live.error()));
    if (live->exists() && !visit(*live)) break;
  }
  return {};
}

}  // namespace assemblier::engine
