// clef, journal sceller, journal preuve, preuve: what lets somebody else check the journal.

#include "storage/reasons.hpp"
#include "storage/timestamp.hpp"
#include "tools/commands.hpp"
#include "tools/heads.hpp"
#include "tools/opening.hpp"
#include "tools/preuve.hpp"

#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace assemblier::tools {
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

template <class T>
T readable(std::expected<T, std::string> read, const std::string& file) {
  if (!read) throw Failure{Exit::kInput, fmt::format("{} : {}", file, read.error())};
  return std::move(*read);
}

storage::SecretKey read_key(const std::string& file) {
  return readable(storage::SecretKey::parse(trimmed(read_whole(file))), file);
}

}  // namespace

storage::Note read_head(const std::string& file) {
  auto note = readable(storage::parse_note(read_whole(file)), file);
  (void)readable(storage::parse_checkpoint(note.text), file);
  return note;
}

std::vector<storage::PublicKey> read_trusted(const std::string& file) {
  std::vector<storage::PublicKey> keys;
  LineReader reader(file);
  while (const auto line = reader.next()) {
    const std::string text = trimmed(std::string(line->text));
    if (text.empty() || text.starts_with('#')) continue;
    keys.push_back(readable(storage::parse_public_key(text), fmt::format("{}, ligne {}", file, line->number)));
  }
  if (keys.empty())
    throw Failure{Exit::kInput, fmt::format("{} : aucune clef publique ; une par ligne est attendue", file)};
  return keys;
}

namespace {

// Readable by its owner only, and never over another file.
void write_secret(const std::string& file, const std::string& text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    throw Failure{Exit::kSystem, errno == EEXIST
                                     ? fmt::format("{} existe déjà : une clef n'en remplace jamais une autre", file)
                                     : fmt::format("{} ne s'écrit pas : {}", file, storage::reason_of(errno))};
  }
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool safe = ::fsync(descriptor) == 0;
  if (::close(descriptor) != 0 || !written || !safe) {
    throw Failure{Exit::kSystem, fmt::format("{} n'a pas été écrit en entier : {}", file, storage::reason_of(errno))};
  }
}

Json placed_json(const storage::FluxProof::Placed& placed) {
  Json json = Json::object();
  json.set("flux", Json(placed.leaf.flux)).set("version", Json(placed.leaf.version.value));
  json.set("empreinte", Json(storage::to_base64(storage::to_bytes(placed.leaf.hash))));
  json.set("rang", Json(placed.index)).set("chemin", path_json(placed.path));
  return json;
}

// 2024-01-30T09:12:45Z: authorities rarely say more.
std::string instant_of(const storage::Timestamp& stamp) {
  return rfc3339(stamp.instant_s * 1'000'000).substr(0, 19) + "Z";
}

Json stamp_json(const storage::Timestamp& stamp) {
  Json json = Json::object();
  json.set("instant", Json(instant_of(stamp))).set("autorité", Json(stamp.authority));
  json.set("politique", Json(stamp.policy)).set("numéro", Json(stamp.serial));
  return json;
}

std::string authorities_of(const EvidenceOptions& options) {
  return options.authorities.empty() ? std::string() : read_whole(options.authorities);
}

}  // namespace

Exit clef_creer(Session& session, const EvidenceOptions& options) {
  const auto kind = options.witness ? storage::KeyKind::kWitness : storage::KeyKind::kSigner;
  const auto key = storage::SecretKey::generate(options.name, kind);
  if (!key) throw Failure{Exit::kUsage, "le nom d'une clef n'est pas vide et n'a ni blanc ni signe « + »"};
  write_secret(options.file, key->render() + "\n");
  session.out.line(storage::render(key->public_key()));
  return Exit::kDone;
}

Exit clef_maitresse(Session& session, const std::string& file) {
  const auto key = storage::MasterKey::generate();
  if (!key) throw Failure{Exit::kSystem, "le système ne donne pas d'octets aléatoires"};
  write_secret(file, key->text() + "\n");
  session.out.line(
      fmt::format("clef maîtresse créée dans {} ; sans elle, aucune donnée personnelle ne se relit", file));
  return Exit::kDone;
}

Exit clef_cosigner(Session& session, const EvidenceOptions& options) {
  auto head = read_head(options.head);
  if (const auto signers = storage::check_note(head, read_trusted(options.trusted)); !signers)
    throw Failure{Exit::kNo, fmt::format("cette tête n'est pas à contresigner : {}", signers.error())};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  for (const std::string& file : options.keys) {
    const auto key = read_key(file);
    if (key.public_key().kind != storage::KeyKind::kWitness)
      throw Failure{Exit::kInput, fmt::format("{} n'est pas la clef d'un témoin", file)};
    head.signatures.push_back(
        key.sign(head.text, static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count())));
  }
  session.out.text(storage::render(head));
  return Exit::kDone;
}

Exit journal_sceller(Session& session, const EvidenceOptions& options) {
  std::vector<storage::SecretKey> keys;
  for (const std::string& file : options.keys) {
    keys.push_back(read_key(file));
    if (keys.back().public_key().kind != storage::KeyKind::kSigner)
      throw Failure{Exit::kInput, fmt::format("{} est la clef d'un témoin, qui contresigne mais ne scelle pas", file)};
  }
  const auto journal = open_journal(session, Access::kRead);
  const auto info = must(journal->info());
  // What a head says must be true of every event that can be read back, not of the tree alone.
  Progress progress("événements vérifiés avant le sceau");
  const auto report = must(journal->verify([&](std::uint64_t done, std::uint64_t total) { progress.at(done, total); }));
  if (!report.findings.empty()) {
    throw Failure{Exit::kDamaged,
                  fmt::format("journal abîmé, il ne se scelle pas : {} ; « journal verifier » donne la liste complète",
                              report.findings.front().message)};
  }
  const auto head = must(journal->tree_head({}));
  storage::Note note{.text = storage::render(storage::Checkpoint{.origin = keys.front().public_key().name,
                                                                 .size = head.size,
                                                                 .root = head.root,
                                                                 .flux_count = head.flux.count,
                                                                 .flux_root = head.flux.root,
                                                                 .journal_id = info.journal_id}),
                     .signatures = {}};
  for (const auto& key : keys) note.signatures.push_back(key.sign(note.text));
  session.out.text(storage::render(note));
  return Exit::kDone;
}

Exit journal_horodater(Session& session, const EvidenceOptions& options) {
  const std::string head = storage::render(read_head(options.head));
  if (options.stamps.empty()) {
    session.out.text(storage::timestamp_request(head));
    return Exit::kDone;
  }
  if (options.authorities.empty())
    throw Failure{Exit::kUsage, "dire qui est cru : --autorites, un fichier de certificats en PEM"};
  const std::string authorities = authorities_of(options);
  const std::string request = options.request.empty() ? std::string() : read_whole(options.request);
  const auto token = storage::timestamp_token(read_whole(options.stamps.front()), request);
  const auto stamp = token ? storage::check_timestamp(*token, head, authorities) : std::unexpected(token.error());
  if (session.json) {
    Json json = stamp ? stamp_json(*stamp) : Json::object();
    json.set("vrai", Json(stamp.has_value()));
    if (!stamp) json.set("raison", Json(stamp.error()));
    session.out.line(to_text(json));
  } else if (stamp) {
    session.out.line(fmt::format("horodatage VRAI : {}, par {}, politique {}, numéro {}", instant_of(*stamp),
                                 stamp->authority, stamp->policy, stamp->serial));
  } else {
    session.out.line(fmt::format("horodatage FAUX : {}", stamp.error()));
  }
  return stamp ? Exit::kDone : Exit::kNo;
}

Exit journal_preuve(Session& session, const EvidenceOptions& options) {
  const auto head = *storage::parse_checkpoint(read_head(options.head).text);
  const std::uint64_t size = head.size;
  const auto journal = open_journal(session, Access::kRead);
  require_head(*journal, head, options.head);
  Json json = Json::object();
  json.set("taille", Json(size));
  if (options.position) {
    if (*options.position >= size) {
      throw Failure{Exit::kInput,
                    fmt::format("la position {} n'est pas sous la tête {}, qui compte {} à partir de la "
                                "position 0",
                                *options.position, options.head, counted(size, "événement", "événements"))};
    }
    json.set("position", Json(*options.position))
        .set("chemin", path_json(must(journal->prove_inclusion({*options.position}, size))));
  } else if (!options.objet.empty()) {
    const auto proof = must(journal->prove_flux(flux_of(options.objet), size));
    json.set("objet", Json(flux_of(options.objet))).set("nombre", Json(proof.count));
    if (proof.there) json.set("ici", placed_json(*proof.there));
    if (proof.before) json.set("avant", placed_json(*proof.before));
    if (proof.after) json.set("après", placed_json(*proof.after));
  } else if (!options.since.empty()) {
    const auto before = *storage::parse_checkpoint(read_head(options.since).text);
    require_head(*journal, before, options.since);
    const std::uint64_t since = before.size;
    if (since > size) {
      throw Failure{Exit::kUsage,
                    fmt::format("la tête {} est plus récente que la tête {} : « --depuis » attend la plus "
                                "ancienne des deux",
                                options.since, options.head)};
    }
    json.set("depuis", Json(since)).set("chemin", path_json(must(journal->prove_consistency(since, size))));
  } else {
    throw Failure{Exit::kUsage, "dire ce qui est à prouver : --position, --objet ou --depuis"};
  }
  session.out.line(to_text(json));
  return Exit::kDone;
}

Exit preuve_creer(Session& session, const EvidenceOptions& options) {
  const auto head = read_head(options.head);
  std::vector<storage::Bytes> tokens;
  for (const std::string& file : options.stamps) {
    auto token = storage::timestamp_token(read_whole(file));
    const auto stamp = token ? storage::read_timestamp(*token, storage::render(head)) : std::unexpected(token.error());
    if (!stamp) throw Failure{Exit::kNo, fmt::format("{} : {}", file, stamp.error())};
    tokens.push_back(std::move(*token));
  }
  const auto journal = open_journal(session, Access::kRead);
  require_head(*journal, *storage::parse_checkpoint(head.text), options.head);
  session.out.text(must(make_proof(*journal, flux_of(options.objet), head, tokens)));
  return Exit::kDone;
}

Exit preuve_verifier(Session& session, const EvidenceOptions& options) {
  constexpr std::size_t kLongest = std::size_t{256} << 20U;
  const auto trusted = read_trusted(options.trusted);
  const std::string proof = read_whole(options.file, kLongest);
  if (!is_proof(proof)) {
    throw Failure{
        Exit::kInput,
        fmt::format("{} n'est pas un dossier de preuve : ce que « preuve creer » écrit, en UTF-8, tel quel, est "
                    "attendu",
                    options.file == "-" ? "l'entrée standard" : options.file)};
  }
  const auto proven = check_proof(proof, trusted, authorities_of(options));
  if (session.json) {
    Json json = Json::object();
    json.set("vraie", Json(proven.has_value()));
    if (proven) {
      std::vector<std::string> signers;
      for (const auto& key : proven->signers) signers.push_back(key.name);
      json.set("objet", Json(proven->objet)).set("événements", Json(proven->events)).set("état", Json(proven->etat));
      json.set("journal", Json(proven->head.journal_id)).set("taille", Json(proven->head.size));
      json.set("signataires", Json::texts(signers));
      Json::Array stamps;
      for (const auto& stamp : proven->stamps) stamps.push_back(stamp_json(stamp));
      json.set("horodatages", Json(std::move(stamps)));
    } else {
      json.set("raison", Json(proven.error()));
    }
    session.out.line(to_text(json));
  } else if (proven) {
    session.out.line(fmt::format("preuve VRAIE : {}, {}, à l'état « {} »", proven->objet,
                                 counted(proven->events, "événement", "événements"), proven->etat));
    session.out.line(fmt::format("  tête du journal {} à {}", proven->head.journal_id,
                                 counted(proven->head.size, "événement", "événements")));
    for (const auto& key : proven->signers) session.out.line(fmt::format("  signée par {}", key.name));
    for (const auto& stamp : proven->stamps)
      session.out.line(fmt::format("  horodatée le {} par {}", instant_of(stamp), stamp.authority));
  } else {
    session.out.line(fmt::format("preuve FAUSSE : {}", proven.error()));
  }
  return proven ? Exit::kDone : Exit::kNo;
}

}  // namespace assemblier::tools
