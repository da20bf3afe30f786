#include "engine/payload.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

using storage::CborReader;
using storage::CborWriter;

constexpr std::uint64_t kActeShape = 1;
constexpr std::uint64_t kPublicationShape = 1;
constexpr std::uint64_t kErasureShape = 1;

void write_texts(CborWriter& writer, const std::vector<std::string>& texts) {
  writer.array(texts.size());
  for (const std::string& text : texts) writer.text(text);
}

void write_change(CborWriter& writer, const Change& change) {
  const bool entry = change.kind == Change::Kind::kEntry;
  writer.array(entry ? 4 : 3);
  writer.uint(static_cast<std::uint64_t>(change.kind));
  writer.text(change.field);
  if (entry) writer.text(change.key);
  encode(writer, change.value);
}

void write_decision(CborWriter& writer, const Decision& decision) {
  writer.array(7);
  writer.text(decision.name);
  writer.uint(static_cast<std::uint64_t>(decision.status));
  encode(writer, decision.value);
  write_texts(writer, decision.reasons);
  write_texts(writer, decision.missing);
  writer.array(decision.missing_members.size());
  for (const Datum& member : decision.missing_members) encode(writer, member);
  write_texts(writer, decision.unmet);
}

void write_motif(CborWriter& writer, const Motif& motif) {
  writer.array(2);
  writer.array(motif.steps.size());
  for (const Motif::Step& step : motif.steps) {
    writer.array(3);
    writer.text(step.rule);
    writer.uint(static_cast<std::uint64_t>(step.status));
    writer.array(2 * step.branches.size());
    for (const Motif::Branch& branch : step.branches) {
      writer.uint(branch.number);
      writer.uint(static_cast<std::uint64_t>(branch.truth));
    }
  }
  write_texts(writer, motif.facts);
}

// Reads what the functions above write. Every failure is kept by the reader; loops end with it.
class Payload {
 public:
  explicit Payload(std::string_view bytes) : reader_(bytes) {}

  CborReader& reader() { return reader_; }

  void array(std::uint64_t wanted, const char* what) {
    if (reader_.array() != wanted) fail(fmt::format("{} : {} éléments attendus", what, wanted));
  }

  std::uint64_t upto(std::uint64_t last, const char* what) {
    const std::uint64_t value = reader_.uint();
    if (value > last) {
      fail(fmt::format("{} inconnu : {}", what, value));
      return 0;
    }
    return value;
  }

  std::string text() { return std::string(reader_.text()); }

  std::vector<std::string> texts() {
    std::vector<std::string> all;
    for (std::uint64_t left = reader_.array(); left > 0 && reader_.ok(); --left) all.push_back(text());
    return all;
  }

  Change change() {
    Change change;
    const std::uint64_t size = reader_.array();
    change.kind = static_cast<Change::Kind>(upto(2, "genre de changement"));
    const bool entry = change.kind == Change::Kind::kEntry;
    if (size != (entry ? 4U : 3U)) fail("changement : taille inattendue");
    change.field = text();
    if (entry) change.key = text();
    change.value = decode_datum(reader_);
    if (change.kind == Change::Kind::kAppend && change.value.get<Datum::List>() == nullptr)
      fail("ajout : une liste attendue");
    return change;
  }

  Decision decision() {
    Decision decision;
    array(7, "décision");
    decision.name = text();
    decision.status = static_cast<dsl::Status>(upto(3, "statut de décision"));
    decision.value = decode_datum(reader_);
    decision.reasons = texts();
    decision.missing = texts();
    for (std::uint64_t left = reader_.array(); left > 0 && reader_.ok(); --left) {
      decision.missing_members.push_back(decode_datum(reader_));
    }
    decision.unmet = texts();
    return decision;
  }

  Motif motif() {
    Motif motif;
    array(2, "motif");
    for (std::uint64_t left = reader_.array(); left > 0 && reader_.ok(); --left) {
      Motif::Step step;
      array(3, "étape de motif");
      step.rule = text();
      step.status = static_cast<dsl::Status>(upto(3, "statut de règle"));
      const std::uint64_t numbers = reader_.array();
      if (numbers % 2 != 0) fail("branches : un nombre pair attendu");
      for (std::uint64_t i = 0; i < numbers && reader_.ok(); i += 2) {
        const auto number =
            static_cast<std::uint32_t>(upto(std::numeric_limits<std::uint32_t>::max(), "numéro de branche"));
        step.branches.push_back({number, static_cast<Truth>(upto(4, "vérité"))});
      }
      motif.steps.push_back(std::move(step));
    }
    motif.facts = texts();
    return motif;
  }

  // Shape, identity, états, changes and décisions.
  ActePayload effects() {
    ActePayload payload;
    array(9, "événement");
    if (reader_.ok() && reader_.uint() != kActeShape)
      fail("forme d'événement inconnue de ce programme ; une version plus récente est attendue");
    payload.automatic = reader_.boolean();
    payload.objet = text();
    payload.from = text();
    payload.to = text();
    for (std::uint64_t left = reader_.array(); left > 0 && reader_.ok(); --left) payload.changes.push_back(change());
    for (std::uint64_t left = reader_.array(); left > 0 && reader_.ok(); --left)
      payload.decisions.push_back(decision());
    return payload;
  }

  void rest(ActePayload& payload) {
    Datum donnees = decode_datum(reader_);
    if (auto* map = donnees.get<Datum::Map>()) {
      payload.donnees = std::move(*map);
    } else {
      fail("données : une association attendue");
    }
    if (reader_.array() != payload.decisions.size()) fail("un motif par décision attendu");
    for (Decision& decision : payload.decisions) {
      if (!reader_.ok()) return;
      decision.motif = motif();
    }
    if (reader_.ok() && !reader_.at_end()) fail("octets en trop");
  }

  void fail(std::string why) {
    if (reader_.ok()) reader_.fail(std::move(why));
  }

 private:
  CborReader reader_;
};

}  // namespace

storage::Bytes encode_payload(const ActePayload& payload) {
  CborWriter writer;
  writer.reserve(512);
  writer.array(9);
  writer.uint(kActeShape);
  writer.boolean(payload.automatic);
  writer.text(payload.objet);
  writer.text(payload.from);
  writer.text(payload.to);
  writer.array(payload.changes.size());
  for (const Change& change : payload.changes) write_change(writer, change);
  writer.array(payload.decisions.size());
  for (const Decision& decision : payload.decisions) write_decision(writer, decision);
  encode(writer, payload.donnees);
  writer.array(payload.decisions.size());
  for (const Decision& decision : payload.decisions) write_motif(writer, decision.motif);
  return writer.take();
}

std::expected<ActePayload, std::string> decode_payload(std::string_view payload) {
  Payload in(payload);
  ActePayload out = in.effects();
  if (in.reader().ok()) in.rest(out);
  if (!in.reader().ok()) return std::unexpected(in.reader().error());
  return out;
}

std::expected<ActePayload, std::string> decode_effects(std::string_view payload) {
  Payload in(payload);
  ActePayload out = in.effects();
  if (!in.reader().ok()) return std::unexpected(in.reader().error());
  return out;
}

std::expected<Inscrit, std::string> read_event(const storage::StoredEvent& stored) {
  const storage::Header& header = stored.header;
  auto payload = decode_payload(stored.payload);
  if (payload && !attach(*payload, header.seals))
    payload = std::unexpected("données scellées que l'en-tête ne dit pas");
  if (!payload) {
    return std::unexpected(fmt::format("position {}, {} version {} : contenu illisible ({})", header.position.value,
                                       header.flux, header.version.value, payload.error()));
  }
  return Inscrit{.evenement = {.flux = header.flux,
                               .acte = header.type,
                               .date = dsl::Date{header.date_effet},
                               .role = header.role,
                               .author = header.author,
                               .edition = header.edition,
                               .payload = std::move(*payload)},
                 .position = header.position,
                 .version = header.version,
                 .instant_us = header.instant_us,
                 .acte_id = header.acte_id,
                 .event_id = header.event_id};
}

bool attach(ActePayload& payload, const std::vector<storage::Seal>& seals) {
  bool good = true;
  const auto one = [&](Datum& datum) {
    const auto* const sealed = datum.get<Datum::Sealed>();
    if (sealed == nullptr) return;
    good = good && sealed->index < seals.size();
    if (good) datum = Datum(Datum::Sealed{.index = sealed->index, .seal = seals[sealed->index]});
  };
  // A personal value is the whole of a donnée or of a field, never inside one.
  for (Change& change : payload.changes) one(change.value);
  for (auto& [name, datum] : payload.donnees) one(datum);
  return good;
}

storage::Bytes encode_erasure(std::string_view motif) {
  CborWriter writer;
  writer.array(2);
  writer.uint(kErasureShape);
  writer.text(motif);
  return writer.take();
}

std::expected<std::string, std::string> decode_erasure(std::string_view payload) {
  Payload in(payload);
  in.array(2, "effacement");
  if (in.reader().ok() && in.reader().uint() != kErasureShape) in.fail("forme d'effacement inconnue de ce programme");
  std::string motif = in.text();
  if (in.reader().ok() && !in.reader().at_end()) in.fail("octets en trop");
  if (!in.reader().ok()) return std::unexpected(in.reader().error());
  return motif;
}

storage::Bytes encode_publication(const PublicationPayload& payload) {
  CborWriter writer;
  writer.reserve(payload.text.size() + 256);
  writer.array(6);
  writer.uint(kPublicationShape);
  writer.text(payload.title);
  writer.integer(payload.millesime);
  writer.integer(payload.from.days);
  writer.integer(payload.to.days);
  writer.bytes(payload.text);
  return writer.take();
}

std::expected<PublicationPayload, std::string> decode_publication(std::string_view payload) {
  Payload in(payload);
  CborReader& reader = in.reader();
  PublicationPayload out;
  in.array(6, "publication");
  if (reader.ok() && reader.uint() != kPublicationShape) in.fail("forme de publication inconnue de ce programme");
  out.title = in.text();
  out.millesime = reader.integer();
  const std::int64_t from = reader.integer();
  const std::int64_t to = reader.integer();
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  if (std::max(from, to) > kMax || std::min(from, to) < -kMax) in.fail("date hors des limites");
  out.from = dsl::Date{static_cast<std::int32_t>(from)};
  out.to = dsl::Date{static_cast<std::int32_t>(to)};
  out.text = std::string(reader.bytes());
  if (reader.ok() && !reader.at_end()) in.fail("octets en trop");
  if (!reader.ok()) return std::unexpected(reader.error());
  return out;
}

}  // namespace assemblier::engine
