#include "engine/shell.hpp"
#include "engine/typing.hpp"
#include "engine/wording.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

template <class... Args>
std::unexpected<storage::Error> error(storage::ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(storage::Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

std::string shortened(const storage::Hash& hash) { return storage::to_hex(hash).substr(0, 16); }

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

}  // namespace

storage::Result<void> Editions::refresh() {
  std::vector<std::string> fresh;
  auto listed = journal_.list_flux(kEditionPrefix, [&](std::string_view flux, const storage::FluxHead&) {
    if (!flux_.contains(std::string(flux))) fresh.emplace_back(flux);
    return true;
  });
  if (!listed) return listed;
  for (const std::string& flux : fresh) {
    if (auto done = read(flux); !done) return done;
    flux_.insert(flux);
  }
  if (!fresh.empty()) {
    std::ranges::sort(known_, {}, [](const Known& known) { return known.info.position; });
    compiled_.clear();
  }
  read_once_ = true;
  return {};
}

storage::Result<void> Editions::read(std::string_view flux) {
  storage::Result<void> outcome;
  auto done = journal_.read_flux(flux, {}, [&](const storage::StoredEvent& stored) {
    const storage::Header& header = stored.header;
    auto payload = decode_publication(stored.payload);
    if (header.type != kPublication || !payload) {
      outcome = error(storage::ErrorKind::kDamaged, "position {}, {} : publication illisible{}", header.position.value,
                      flux, payload ? std::string() : " (" + payload.error() + ")");
      return false;
    }
    if (storage::sha256(payload->text) != header.edition) {
      outcome = error(storage::ErrorKind::kDamaged, "position {}, {} : le texte publié n'a pas l'empreinte {} annoncée",
                      header.position.value, flux, shortened(header.edition));
      return false;
    }
    known_.push_back({.info = {.hash = header.edition,
                               .position = header.position,
                               .instant_us = header.instant_us,
                               .title = payload->title,
                               .millesime = payload->millesime,
                               .from = payload->from,
                               .to = payload->to},
                      .text = std::move(payload->text)});
    return true;
  });
  if (!done) return done;
  return outcome;
}

storage::Result<std::vector<EditionInfo>> Editions::list() {
  if (auto done = refresh(); !done) return std::unexpected(std::move(done.error()));
  std::vector<EditionInfo> infos;
  for (const Known& known : known_) infos.push_back(known.info);
  return infos;
}

storage::Result<Editions::Known*> Editions::known(const storage::Hash& hash) {
  const auto look = [&]() -> Known* {
    const auto at = std::ranges::find_if(known_, [&hash](const Known& known) { return known.info.hash == hash; });
    return at == known_.end() ? nullptr : &*at;
  };
  if (Known* found = look()) return found;
  if (auto done = refresh(); !done) return std::unexpected(std::move(done.error()));
  if (Known* found = look()) return found;
  return error(storage::ErrorKind::kInvalid, "l'édition {} n'est pas publiée dans ce journal", shortened(hash));
}

storage::Result<EditionPtr> Editions::compile(Known& known, std::shared_ptr<const dsl::Program> program) {
  if (known.edition) return known.edition;
  if (!program) {
    dsl::Compiled compiled = dsl::compile(known.text);
    if (!compiled.program) {
      const auto first = std::ranges::find(compiled.diagnostics, dsl::Severity::kError, &dsl::Diagnostic::severity);
      return error(
          storage::ErrorKind::kInvalid, "l'édition {} ({} {}) ne se compile pas avec ce programme : {}",
          shortened(known.info.hash), known.info.millesime, quoted(known.info.title),
          first == compiled.diagnostics.end() ? std::string("raison inconnue") : first->code + " " + first->message);
    }
    program = std::move(compiled.program);
  }
  known.edition = std::make_shared<const Edition>(Edition{.hash = known.info.hash,
                                                          .position = known.info.position,
                                                          .instant_us = known.info.instant_us,
                                                          .program = std::move(program)});
  return known.edition;
}

storage::Result<EditionPtr> Editions::get(const storage::Hash& hash) {
  auto found = known(hash);
  if (!found) return std::unexpected(std::move(found.error()));
  return compile(**found, nullptr);
}

storage::Result<EditionPtr> Editions::keep(const storage::Hash& hash, std::shared_ptr<const dsl::Program> program) {
  auto found = known(hash);
  if (!found) return std::unexpected(std::move(found.error()));
  return compile(**found, std::move(program));
}

storage::Result<std::string> Editions::text(const storage::Hash& hash) {
  auto found = known(hash);
  if (!found) return std::unexpected(std::move(found.error()));
  return (*found)->text;
}

storage::Result<EditionPtr> Editions::find(std::string_view wanted) {
  if (auto done = refresh(); !done) return std::unexpected(std::move(done.error()));
  std::vector<Known*> found;
  std::int64_t millesime = 0;
  const auto [end, status] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), millesime);
  if (status == std::errc() && end == wanted.data() + wanted.size() && wanted.size() <= 4) {
    for (Known& known : known_) {
      if (known.info.millesime == millesime) found = {&known};
    }
  }
  if (found.empty() && wanted.size() >= 4 && is_hex(wanted)) {
    std::string prefix(wanted);
    std::ranges::transform(prefix, prefix.begin(),
                           [](char c) { return static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c); });
    for (Known& known : known_) {
      if (storage::to_hex(known.info.hash).starts_with(prefix)) found.push_back(&known);
    }
  }
  if (found.size() == 1) return compile(*found[0], nullptr);
  if (found.size() > 1) {
    return error(storage::ErrorKind::kInvalid, "« {} » désigne {} éditions ; donner plus de chiffres de l'empreinte",
                 wanted, found.size());
  }
  std::vector<std::string> all;
  for (const Known& known : known_)
    all.push_back(fmt::format("{} ({})", known.info.millesime, shortened(known.info.hash)));
  return error(storage::ErrorKind::kAbsent, "aucune édition « {} » dans ce journal ; {}", wanted,
               all.empty() ? std::string("aucune n'est publiée") : "publiées : " + joined(all, "et"));
}

storage::Result<const std::vector<EditionPtr>*> Editions::compiled() {
  if (!read_once_) {
    if (auto done = refresh(); !done) return std::unexpected(std::move(done.error()));
  }
  if (compiled_.empty()) {
    for (Known& known : known_) {
      auto edition = compile(known, nullptr);
      if (!edition) {
        compiled_.clear();
        return std::unexpected(std::move(edition.error()));
      }
      compiled_.push_back(std::move(*edition));
    }
  }
  return &compiled_;
}

}  // namespace assemblier::engine
