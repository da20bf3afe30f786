#include "storage/limits.hpp"

#include "storage/cbor.hpp"

#include <unordered_set>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

constexpr std::size_t kActeIdBytes = 200;

template <class... Args>
std::unexpected<Error> invalid(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      Error{ErrorKind::kInvalid, "demande refusée : " + fmt::format(format, std::forward<Args>(args)...)});
}

Result<void> check_flux(const std::string& flux, const JournalLimits& limits) {
  if (flux.empty()) return invalid("le nom du flux est vide ; un nom est attendu");
  if (flux.size() > limits.flux_bytes) {
    return invalid("le nom du flux « {}… » a {} octets ; au plus {} sont permis", flux.substr(0, 40), flux.size(),
                   limits.flux_bytes);
  }
  if (!is_utf8(flux) || flux.find('\0') != std::string::npos) {
    return invalid("le nom du flux (en hexadécimal {}) doit être de l'UTF-8 sans octet nul", to_hex(flux));
  }
  return {};
}

Result<void> check_text(const NewEvent& event, const char* what, const std::string& text, std::size_t limit) {
  if (text.size() > limit) {
    return invalid("flux « {} » : {} a {} octets ; au plus {} sont permis", event.flux, what, text.size(), limit);
  }
  if (!is_utf8(text)) {
    return invalid("flux « {} » : {} (en hexadécimal {}) n'est pas de l'UTF-8", event.flux, what, to_hex(text));
  }
  return {};
}

Result<void> check_event(const NewEvent& event, const JournalLimits& limits) {
  if (auto ok = check_flux(event.flux, limits); !ok) return ok;
  if (auto ok = check_text(event, "le type", event.type, limits.text_bytes); !ok) return ok;
  if (auto ok = check_text(event, "le rôle", event.role, limits.text_bytes); !ok) return ok;
  if (auto ok = check_text(event, "l'auteur", event.author, limits.text_bytes); !ok) return ok;
  if (auto ok = check_text(event, "l'identifiant de l'acte", event.acte_id, kActeIdBytes); !ok) return ok;
  if (auto ok = check_text(event, "l'identifiant de l'événement", event.event_id, kActeIdBytes); !ok) return ok;
  if (event.payload.size() > limits.payload_bytes) {
    return invalid("flux « {} » : le contenu a {} octets ; au plus {} sont permis", event.flux, event.payload.size(),
                   limits.payload_bytes);
  }
  return {};
}

Result<void> check_expected(const std::vector<Expectation>& expected, const JournalLimits& limits) {
  for (const Expectation& expectation : expected) {
    if (auto ok = check_flux(expectation.flux, limits); !ok) return ok;
  }
  if (expected.size() < 2) return {};
  std::unordered_set<std::string_view> seen;
  for (const Expectation& expectation : expected) {
    if (!seen.insert(expectation.flux).second) {
      return invalid("deux versions attendues pour le flux « {} » ; une au plus est permise", expectation.flux);
    }
  }
  return {};
}

}  // namespace

Result<void> check_request(const AppendRequest& request, const JournalLimits& limits) {
  if (request.events.empty() && !request.outcome) return invalid("ni événement ni réponse à inscrire");
  if (request.events.size() > limits.events_per_append) {
    return invalid("{} événements d'un coup ; au plus {} sont permis", request.events.size(), limits.events_per_append);
  }
  if (const std::size_t bytes = request_bytes(request); bytes > limits.append_bytes) {
    return invalid("{} octets d'un coup ; au plus {} sont permis", bytes, limits.append_bytes);
  }
  if (request.outcome) {
    const Outcome& outcome = *request.outcome;
    if (outcome.acte_id.empty() || outcome.acte_id.size() > kActeIdBytes) {
      return invalid("l'identifiant de l'acte a {} octets ; de 1 à {} sont attendus", outcome.acte_id.size(),
                     kActeIdBytes);
    }
    if (outcome.answer.size() > limits.payload_bytes) {
      return invalid("acte « {} » : la réponse a {} octets ; au plus {} sont permis", outcome.acte_id,
                     outcome.answer.size(), limits.payload_bytes);
    }
  }
  for (const NewEvent& event : request.events) {
    if (auto ok = check_event(event, limits); !ok) return ok;
    if (request.outcome && event.acte_id != request.outcome->acte_id) {
      return invalid("flux « {} » : l'événement dit venir de l'acte « {} », la réponse est celle de l'acte « {} »",
                     event.flux, event.acte_id, request.outcome->acte_id);
    }
  }
  return check_expected(request.expected, limits);
}

std::size_t request_bytes(const AppendRequest& request) {
  std::size_t bytes = sizeof(AppendRequest);
  for (const NewEvent& event : request.events) {
    bytes += sizeof(NewEvent) + event.flux.size() + event.payload.size();
    for (const Personal& value : event.personal) bytes += value.person.size() + value.content.size();
  }
  for (const Expectation& expectation : request.expected) bytes += sizeof(Expectation) + expectation.flux.size();
  if (request.outcome) bytes += request.outcome->answer.size();
  return bytes;
}

}  // namespace assemblier::storage
