#include "engine/acte.hpp"

#include "engine/wording.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::engine {

namespace {

// Room kept from one fingerprint to the next.
constexpr std::size_t kKeptRoom = 64U << 10U;
constexpr std::uint64_t kFingerprintShape = 1;
constexpr std::uint64_t kAnswerShape = 1;
constexpr std::uint64_t kLastRefusal = static_cast<std::uint64_t>(Refusal::Kind::kRegle);

void write_texts(storage::CborWriter& writer, const std::vector<std::string>& texts) {
  writer.array(texts.size());
  for (const std::string& text : texts) writer.text(text);
}

std::vector<std::string> read_texts(storage::CborReader& reader) {
  std::vector<std::string> texts;
  for (std::uint64_t left = reader.array(); left > 0 && reader.ok(); --left) texts.emplace_back(reader.text());
  return texts;
}

void write_reason(storage::CborWriter& writer, const Refusal::Reason& reason) {
  writer.array(5);
  writer.text(reason.label);
  writer.text(reason.detail);
  write_texts(writer, reason.citations);
  writer.text(reason.remedy);
  write_texts(writer, reason.missing);
}

Refusal::Reason read_reason(storage::CborReader& reader) {
  Refusal::Reason reason;
  if (reader.array() != 5 && reader.ok()) reader.fail("raison : 5 éléments attendus");
  reason.label = reader.text();
  reason.detail = reader.text();
  reason.citations = read_texts(reader);
  reason.remedy = reader.text();
  reason.missing = read_texts(reader);
  return reason;
}

Refusal read_refusal(storage::CborReader& reader) {
  Refusal refusal;
  const std::uint64_t kind = reader.uint();
  if (kind > kLastRefusal && reader.ok()) reader.fail("genre de refus inconnu");
  refusal.kind = static_cast<Refusal::Kind>(kind <= kLastRefusal ? kind : 0);
  refusal.message = reader.text();
  for (std::uint64_t left = reader.array(); left > 0 && reader.ok(); --left)
    refusal.reasons.push_back(read_reason(reader));
  return refusal;
}

}  // namespace

storage::Hash fingerprint(const Request& request) {
  static thread_local storage::Bytes room;
  storage::CborWriter writer(std::move(room));
  writer.array(7);
  writer.uint(kFingerprintShape);
  writer.text(request.acte);
  writer.text(request.objet);
  writer.text(request.role);
  writer.text(request.author);
  if (request.date) {
    writer.integer(request.date->days);
  } else {
    writer.null();
  }
  encode_canonical(writer, request.donnees);
  const storage::Hash hash = storage::sha256(writer.str());
  room = writer.take();
  if (room.capacity() > kKeptRoom) room = storage::Bytes();
  return hash;
}

std::string_view word(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::kActe:
      return "acte";
    case Refusal::Kind::kObjet:
      return "objet";
    case Refusal::Kind::kEdition:
      return "édition";
    case Refusal::Kind::kEtat:
      return "état";
    case Refusal::Kind::kActeur:
      return "acteur";
    case Refusal::Kind::kDonnees:
      return "données";
    case Refusal::Kind::kDate:
      return "date";
    case Refusal::Kind::kExigence:
      return "exigence";
    case Refusal::Kind::kRegle:
      return "règle";
  }
  return {};
}

std::string render(const Refusal& refusal) {
  std::string text = refusal.message + "\n";
  for (const Refusal::Reason& reason : refusal.reasons) {
    text += "  – " + reason.label;
    if (!reason.citations.empty()) text += fmt::format(" ({})", fmt::join(reason.citations, " ; "));
    text += "\n";
    if (!reason.detail.empty()) text += "    " + reason.detail + "\n";
    if (!reason.missing.empty()) text += "    il manque : " + joined(reason.missing, "et") + "\n";
    if (!reason.remedy.empty()) text += "    ce qui suffirait : " + reason.remedy + "\n";
  }
  return text;
}

storage::Bytes encode_answer(const Answer& answer) {
  storage::CborWriter writer;
  writer.reserve(128);
  if (answer.kind == Answer::Kind::kInscrit) {
    writer.array(5);
    writer.uint(kAnswerShape);
    writer.uint(0);
    writer.uint(answer.version);
    write_texts(writer, answer.actes);
    writer.text(answer.etat);
    return writer.take();
  }
  writer.array(5);
  writer.uint(kAnswerShape);
  writer.uint(1);
  writer.uint(static_cast<std::uint64_t>(answer.refusal.kind));
  writer.text(answer.refusal.message);
  writer.array(answer.refusal.reasons.size());
  for (const Refusal::Reason& reason : answer.refusal.reasons) write_reason(writer, reason);
  return writer.take();
}

std::expected<Answer, std::string> decode_answer(std::string_view bytes) {
  storage::CborReader reader(bytes);
  Answer answer;
  if (reader.array() != 5 && reader.ok()) reader.fail("réponse : 5 éléments attendus");
  if (reader.uint() != kAnswerShape && reader.ok()) reader.fail("forme de réponse inconnue de ce programme");
  const std::uint64_t kind = reader.uint();
  if (kind > 1 && reader.ok()) reader.fail("genre de réponse inconnu");
  if (kind == 0) {
    answer.kind = Answer::Kind::kInscrit;
    answer.version = reader.uint();
    answer.actes = read_texts(reader);
    answer.etat = reader.text();
  } else {
    answer.kind = Answer::Kind::kRefuse;
    answer.refusal = read_refusal(reader);
  }
  if (reader.ok() && !reader.at_end()) reader.fail("octets en trop");
  if (!reader.ok()) return std::unexpected(reader.error());
  return answer;
}

}  // namespace assemblier::engine
