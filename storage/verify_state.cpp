#include "storage/verify_state.hpp"

#include "storage/cbor.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace assemblier::storage {

namespace {

constexpr std::uint64_t kLayout = 1;
constexpr std::uint64_t kItems = 19;
constexpr std::uint64_t kLinkItems = 3;
constexpr std::size_t kDigest = 32;

Hash hash_of(CborReader& in) {
  const std::string_view octets = in.bytes();
  Hash hash;
  if (octets.size() != hash.octets.size()) {
    in.fail("empreinte");
    return hash;
  }
  std::ranges::transform(octets, hash.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return hash;
}

}  // namespace

Bytes encode_verify_state(const VerifyState& state) {
  CborWriter out;
  out.array(kItems);
  out.uint(kLayout);
  out.text(state.subject.journal_id);
  out.bytes(state.subject.database);
  out.uint(state.subject.format);
  out.boolean(state.subject.opened);
  out.array(state.tables.size());
  for (const std::string& name : state.tables) out.bytes(name);
  out.uint(state.next);
  out.bytes(state.after);
  out.bytes(state.root ? to_bytes(*state.root) : Bytes());
  out.uint(state.size);
  out.array(state.subtrees.size());
  for (const Hash& hash : state.subtrees) out.bytes(to_bytes(hash));
  out.integer(state.instant_us.value_or(std::numeric_limits<std::int64_t>::min()));
  out.uint(state.claimed);
  out.uint(state.sealed);
  out.uint((state.events_complete ? 1U : 0U) | (state.index_agrees ? 2U : 0U) | (state.outcomes_agree ? 4U : 0U));
  out.array(state.links.size());
  for (const auto& link : state.links) {
    out.array(kLinkItems);
    out.bytes(link.flux);
    out.uint(link.version.value);
    out.bytes(to_bytes(link.hash));
  }
  out.uint(state.report.events);
  out.uint(state.report.more);
  out.array(state.report.findings.size());
  for (const Finding& finding : state.report.findings) out.bytes(finding.message);
  Bytes octets = out.take();
  return octets + to_bytes(sha256(octets));
}

std::optional<VerifyState> decode_verify_state(std::string_view octets) {
  if (octets.size() < kDigest) return std::nullopt;
  const std::string_view content = octets.substr(0, octets.size() - kDigest);
  if (to_bytes(sha256(content)) != octets.substr(content.size())) return std::nullopt;
  CborReader in(content);
  VerifyState state;
  if (in.array() != kItems || in.uint() != kLayout) return std::nullopt;
  state.subject.journal_id = in.text();
  state.subject.database = in.bytes();
  state.subject.format = static_cast<std::uint32_t>(in.uint());
  state.subject.opened = in.boolean();
  for (std::uint64_t left = in.array(); left > 0 && in.ok(); --left) state.tables.emplace(in.bytes());
  state.next = in.uint();
  state.after = in.bytes();
  if (const std::string_view root = in.bytes(); !root.empty()) {
    Hash hash;
    if (root.size() != hash.octets.size()) return std::nullopt;
    std::ranges::transform(root, hash.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    state.root = hash;
  }
  state.size = in.uint();
  for (std::uint64_t left = in.array(); left > 0 && in.ok(); --left) state.subtrees.push_back(hash_of(in));
  if (const std::int64_t instant = in.integer(); instant != std::numeric_limits<std::int64_t>::min())
    state.instant_us = instant;
  state.claimed = in.uint();
  state.sealed = in.uint();
  const std::uint64_t flags = in.uint();
  state.events_complete = (flags & 1U) != 0;
  state.index_agrees = (flags & 2U) != 0;
  state.outcomes_agree = (flags & 4U) != 0;
  for (std::uint64_t left = in.array(); left > 0 && in.ok(); --left) {
    if (in.array() != kLinkItems) return std::nullopt;
    VerifyState::Link link{.flux = std::string(in.bytes()), .version = {in.uint()}, .hash = hash_of(in)};
    state.links.push_back(std::move(link));
  }
  state.report.events = in.uint();
  state.report.more = in.uint();
  for (std::uint64_t left = in.array(); left > 0 && in.ok(); --left)
    state.report.findings.push_back({std::string(in.bytes())});
  const bool whole =
      in.ok() && in.at_end() && state.subtrees.size() == static_cast<std::size_t>(std::popcount(state.size));
  return whole ? std::optional(std::move(state)) : std::nullopt;
}

}  // namespace assemblier::storage
