#include "storage/tree.hpp"

#include "storage/reading.hpp"
#include "storage/sha256.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace assemblier::storage {

// ---------------------------------------------------------------------------------------------------------------------
// Events

Error Tree::error_or(std::string_view what) const {
  if (error_) return *error_;
  return {ErrorKind::kInvalid, fmt::format("{} : le journal compte {} événements", what, size_)};
}

// Folds the nodes of level `below` under node (level, index) into it.
std::optional<Hash> Tree::fold(unsigned below, unsigned level, std::uint64_t index) {
  const std::uint64_t count = std::uint64_t{1} << (level - below);
  const std::uint64_t first = index << (level - below);
  MerkleFrontier part;
  const bool leaves = below == 0;
  const auto cursor = leaves ? view_.scan(event_key(Position{first}), event_key(Position{first + count}))
                             : view_.scan(tree_key(below, first), tree_key(below, first + count));
  for (; cursor->valid(); cursor->next()) {
    if (leaves) {
      part.append(event_hash(cursor->value()));
    } else if (const auto hash = decode_node(cursor->value())) {
      part.append(*hash);
    }
  }
  if (auto ok = cursor->status(); !ok) {
    error_ = std::move(ok.error());
    return std::nullopt;
  }
  if (part.size() == count) return part.root();
  error_ = Error{ErrorKind::kDamaged,
                 leaves ? fmt::format("journal abîmé : il manque {}{} ; « journal verifier » donne la liste complète",
                                      count == 1 ? "" : "des événements parmi ", name_range(first, first + count - 1))
                        : fmt::format("journal abîmé : il manque des nœuds de niveau {} de l'arbre, du {} au {} ; "
                                      "« journal verifier --reparer » les recalcule",
                                      below, first, first + count - 1)};
  return std::nullopt;
}

std::optional<Hash> Tree::node(unsigned level, std::uint64_t index) {
  const unsigned below = kept_ ? level / kKeptLevels * kKeptLevels : 0;
  if (index + 1 > size_ >> level) return std::nullopt;  // not complete: nothing asks for it but a size beyond the end
  return fold(below, level, index);
}

NodeSource Tree::source() {
  error_.reset();
  return [this](unsigned level, std::uint64_t index) { return node(level, index); };
}

Result<MerkleFrontier> Tree::frontier() {
  MerkleFrontier frontier;
  const auto nodes = source();
  for (unsigned level = 64; level-- > 0;) {
    if ((size_ >> level & 1U) == 0) continue;
    const auto hash = nodes(level, frontier.size() >> level);
    if (!hash) return std::unexpected(error_or("l'arbre ne se lit pas"));
    frontier.append_subtree(level, *hash);
  }
  return frontier;
}

Result<Hash> Tree::root_at(std::uint64_t size) {
  if (size == 0) return empty_root();
  const auto root = size <= size_ ? storage::root_at(size, source()) : std::nullopt;
  if (!root) return std::unexpected(error_or(fmt::format("il n'y a pas de tête à {} événements", size)));
  return *root;
}

Result<Proof> Tree::inclusion(std::uint64_t position, std::uint64_t size) {
  const auto nodes = source();
  auto proof = size <= size_ ? inclusion_proof(position, size, nodes) : std::nullopt;
  if (!proof)
    return std::unexpected(
        error_or(fmt::format("pas de preuve pour la position {} sous {} événements", position, size)));
  return std::move(*proof);
}

Result<Proof> Tree::consistency(std::uint64_t first, std::uint64_t second) {
  const auto nodes = source();
  auto proof = second <= size_ ? consistency_proof(first, second, nodes) : std::nullopt;
  if (!proof) return std::unexpected(error_or(fmt::format("pas de preuve de {} à {} événements", first, second)));
  return std::move(*proof);
}

// ---------------------------------------------------------------------------------------------------------------------
// Flux

Hash flux_leaf_hash(const FluxLeaf& leaf) {
  Bytes octets(1, '\0');
  octets += leaf.flux;
  octets += '\0';
  put_position(octets, Position{leaf.version.value});
  octets += to_bytes(leaf.hash);
  return sha256(octets);
}

namespace {

Result<IndexEntry> entry_at(View& view, std::string_view flux, std::uint64_t version) {
  auto value = view.get(index_key(flux, Version{version}));
  if (!value) return std::unexpected(std::move(value.error()));
  const auto entry = *value ? decode_entry(**value) : std::nullopt;
  if (!entry) {
    return std::unexpected(Error{ErrorKind::kDamaged,
                                 fmt::format("journal abîmé : la version {} du flux « {} » n'est plus dans l'index ; « "
                                             "journal verifier » donne la liste complète",
                                             version, flux)});
  }
  return *entry;
}

// The last version of a flux below `size`; nothing when it began later. Positions grow with versions.
Result<std::optional<FluxLeaf>> leaf_at(View& view, std::string_view flux, std::uint64_t size) {
  auto head = read_head(view, flux);
  if (!head) return std::unexpected(std::move(head.error()));
  if (!*head) return std::nullopt;
  if ((*head)->position.value < size) return FluxLeaf{std::string(flux), (*head)->version, (*head)->hash};
  std::uint64_t low = 0;  // versions below `low` are before `size`
  std::uint64_t high = (*head)->version.value;
  std::optional<IndexEntry> last;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto entry = entry_at(view, flux, middle);
    if (!entry) return std::unexpected(std::move(entry.error()));
    if (entry->position.value < size) {
      last = *entry;
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (!last) return std::nullopt;
  return FluxLeaf{std::string(flux), Version{low - 1}, last->hash};
}

}  // namespace

Result<void> visit_flux_at(View& view, std::uint64_t size, const std::function<bool(const FluxLeaf&)>& visit) {
  const auto cursor = view.scan(tag_begin(Tag::kFlux), tag_end(Tag::kFlux));
  for (; cursor->valid(); cursor->next()) {
    const auto flux = decode_flux_key(cursor->key());
    const auto first = decode_position(cursor->value());
    if (!flux || !first) {
      return std::unexpected(
          Error{ErrorKind::kDamaged, "journal abîmé : le nom d'un flux est illisible ; lancer « journal verifier »"});
    }
    if (first->value >= size) continue;
    auto leaf = leaf_at(view, *flux, size);
    if (!leaf) return std::unexpected(std::move(leaf.error()));
    if (*leaf && !visit(**leaf)) return {};
  }
  return cursor->status();
}

Result<FluxRoot> flux_root_at(View& view, std::uint64_t size) {
  MerkleFrontier tree;
  auto done = visit_flux_at(view, size, [&tree](const FluxLeaf& leaf) {
    tree.append(flux_leaf_hash(leaf));
    return true;
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return FluxRoot{.count = tree.size(), .root = tree.root()};
}

Result<FluxProof> prove_flux(View& view, std::string_view flux, std::uint64_t size) {
  std::vector<Hash> leaves;
  FluxProof proof;
  const auto place = [&](const FluxLeaf& leaf) {
    return FluxProof::Placed{.leaf = leaf, .index = leaves.size(), .path = {}};
  };
  auto done = visit_flux_at(view, size, [&](const FluxLeaf& leaf) {
    if (leaf.flux < flux) proof.before = place(leaf);
    if (leaf.flux == flux) proof.there = place(leaf);
    if (leaf.flux > flux && !proof.after) proof.after = place(leaf);
    leaves.push_back(flux_leaf_hash(leaf));
    return true;
  });
  if (!done) return std::unexpected(std::move(done.error()));
  proof.count = leaves.size();
  if (proof.there) {
    proof.before.reset();
    proof.after.reset();
  }
  // A node over complete leaves, by halves: the leaves are all here.
  const NodeSource nodes = [&leaves](unsigned level, std::uint64_t index) -> std::optional<Hash> {
    MerkleFrontier part;
    const std::uint64_t first = index << level;
    for (std::uint64_t i = 0; i < std::uint64_t{1} << level; ++i) part.append(leaves.at(first + i));
    return part.root();
  };
  for (auto* placed : {&proof.there, &proof.before, &proof.after}) {
    if (*placed) (*placed)->path = *inclusion_proof((*placed)->index, proof.count, nodes);
  }
  return proof;
}

}  // namespace assemblier::storage
