#pragma once
// What each command does, once the command line is understood. All throw Failure.
//
// Thread-safety: one thread.

#include "tools/io.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assemblier::tools {

/// What every command needs: where to write, in which form, which journal.
struct Session {
  Out& out;
  bool json = false;
  std::string journal = "journal";
  std::string master_key;  ///< file of the master key; empty: ASSEMBLIER_CLEF_MAITRESSE, or none
};

// ---------------------------------------------------------------- regles
Exit regles_verifier(Session& session, const std::vector<std::string>& files);
Exit regles_tester(Session& session, const std::vector<std::string>& files);

struct FactsOptions {
  std::string file;
  std::string facts;     ///< path or "-"
  std::string objet;     ///< empty: the only one with rules
  std::string decision;  ///< expliquer: empty is all
};
Exit regles_evaluer(Session& session, const FactsOptions& options);
Exit regles_expliquer(Session& session, const FactsOptions& options);

// ---------------------------------------------------------------- edition
Exit edition_publier(Session& session, const std::string& file);
Exit edition_lister(Session& session);
Exit edition_montrer(Session& session, const std::string& hash);

// ---------------------------------------------------------------- actes
struct ActeOptions {
  std::string name, objet, par;
  std::string donnees;  ///< path or "-"; empty: none
  std::string le;       ///< AAAA-MM-JJ; empty: today in Europe/Paris
  std::string id;       ///< empty: a new UUIDv7
  std::optional<std::uint64_t> version;
};
Exit acte(Session& session, const ActeOptions& options);
/// `check`: verifies the journal meanwhile, in the background; keeps there how far it came (empty: does not).
Exit importer(Session& session, const std::string& file, const std::string& check);

// ---------------------------------------------------------------- what the journal tells
Exit dossier(Session& session, const std::string& id);
Exit histoire(Session& session, const std::string& id);
Exit rejouer(Session& session, const std::string& id);  ///< empty: all
/// `not_a_command`: the name was typed as a command of its own; what to say (kUsage) when no tableau has it.
Exit tableau(Session& session, const std::string& name, const std::string& not_a_command);

// ---------------------------------------------------------------- journal
Exit journal_creer(Session& session);
Exit journal_infos(Session& session);
struct EvidenceOptions;
/// Also against a signed head (`head`, `trusted`), when one is given.
Exit journal_verifier(Session& session, const EvidenceOptions& options);
/// Makes anew all that derives from events, when they are whole (and those of the head, when one is given).
Exit journal_reparer(Session& session, const EvidenceOptions& options);
/// Which events; those given must all hold.
struct SelectionOptions {
  std::string flux, category, type, acte;  ///< empty: any
  std::optional<std::uint64_t> from, limit;
};
/// `outcomes`: also the answers kept for actes, after the events.
Exit journal_exporter(Session& session, const SelectionOptions& selection, bool outcomes);
/// What is there, then what comes, until the limit, an interruption, or `patience` seconds without anything.
Exit journal_suivre(Session& session, const SelectionOptions& selection, std::optional<std::uint64_t> patience);
/// One line an event: « position flux version HEX », HEX being the leaf's octets.
Exit journal_feuilles(Session& session);
/// A new generation in a backup directory.
Exit journal_sauvegarder(Session& session, const std::string& destination);
struct RestoreOptions {
  std::string source, destination;
  std::optional<std::uint64_t> until;  ///< last position
};
Exit journal_restaurer(Session& session, const RestoreOptions& options);
/// The session's journal made from an export, or completed.
Exit journal_importer(Session& session, const std::string& file);

// ---------------------------------------------------------------- consumer groups
struct GroupOptions {
  std::string directory;
  SelectionOptions selection;
  std::optional<std::uint64_t> attempts, answer_within, first_pause, longest_pause;  ///< seconds
  std::vector<std::uint64_t> positions;
  std::uint64_t count = 1;
  std::string motif;
  bool park = false;
};
Exit groupe_creer(Session& session, const GroupOptions& options);
/// The next events for this consumer, one object a line.
Exit groupe_lire(Session& session, const GroupOptions& options);
Exit groupe_accuser(Session& session, const GroupOptions& options);
Exit groupe_rejeter(Session& session, const GroupOptions& options);
Exit groupe_garees(Session& session, const GroupOptions& options);
Exit groupe_rejouer(Session& session, const GroupOptions& options);
Exit groupe_etat(Session& session, const GroupOptions& options);

// ---------------------------------------------------------------- personal values
struct ErasureOptions {
  std::string person;  ///< as the actes name them; "-": the first line of the standard input
  std::string motif;
};
Exit effacer(Session& session, const ErasureOptions& options);
Exit clef_maitresse(Session& session, const std::string& file);

// ---------------------------------------------------------------- evidence
struct EvidenceOptions {
  std::vector<std::string> keys;  ///< secret key files
  std::string name, file;
  bool witness = false;
  std::string head;                       ///< a signed head: path or "-"
  std::optional<std::uint64_t> position;  ///< inclusion of an event
  std::string objet;                      ///< where a flux stands, or that there is none
  bool rest = false;                      ///< only what follows the head
  std::string resume;                     ///< file that keeps how far a verification came; empty: in one go
  bool background = false;                ///< at the lowest priority
  std::string since;                      ///< an earlier signed head: consistency
  std::string trusted;                    ///< public keys, one a line
  std::vector<std::string> stamps;        ///< replies or tokens of a time stamping authority
  std::string request;                    ///< what the reply must answer
  std::string authorities;                ///< their certificates, in PEM
};
Exit clef_creer(Session& session, const EvidenceOptions& options);
Exit clef_cosigner(Session& session, const EvidenceOptions& options);
Exit journal_sceller(Session& session, const EvidenceOptions& options);
/// Without a reply: the request, in DER, for any authority (RFC 3161). With one: whether it holds, and when it was.
Exit journal_horodater(Session& session, const EvidenceOptions& options);
Exit journal_preuve(Session& session, const EvidenceOptions& options);
Exit preuve_creer(Session& session, const EvidenceOptions& options);
Exit preuve_verifier(Session& session, const EvidenceOptions& options);

}  // namespace assemblier::tools
