#include "storage/timestamp.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

namespace assemblier::storage {

namespace {

template <auto Free>
struct With {
  void operator()(auto* object) const { Free(object); }
};
using Bio = std::unique_ptr<BIO, With<BIO_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;
using Request = std::unique_ptr<TS_REQ, With<TS_REQ_free>>;
using Reply = std::unique_ptr<TS_RESP, With<TS_RESP_free>>;
using Token = std::unique_ptr<PKCS7, With<PKCS7_free>>;
using Info = std::unique_ptr<TS_TST_INFO, With<TS_TST_INFO_free>>;
using Context = std::unique_ptr<TS_VERIFY_CTX, With<TS_VERIFY_CTX_free>>;
using Imprint = std::unique_ptr<TS_MSG_IMPRINT, With<TS_MSG_IMPRINT_free>>;
using Algorithm = std::unique_ptr<X509_ALGOR, With<X509_ALGOR_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, With<ASN1_INTEGER_free>>;
using Store = std::unique_ptr<X509_STORE, With<X509_STORE_free>>;
using Number = std::unique_ptr<BIGNUM, With<BN_free>>;

constexpr int kNonceBytes = 8;

std::unexpected<std::string> bad(std::string why) { return std::unexpected(std::move(why)); }

// The last error of OpenSSL, which speaks English, inside our sentence; its queue is left empty.
std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* const text = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string reason = text == nullptr ? "sans autre détail" : text;
  ERR_clear_error();
  return reason;
}

// The object whose encoding is all of `data`.
template <class Owner, auto Decode>
Owner from_der(std::string_view data) {
  const auto* at = reinterpret_cast<const unsigned char*>(data.data());
  Owner object(Decode(nullptr, &at, static_cast<long>(data.size())));
  ERR_clear_error();
  if (!object || at != reinterpret_cast<const unsigned char*>(data.data() + data.size())) return nullptr;
  return object;
}

template <auto Encode>
Bytes to_der(auto* object) {
  unsigned char* out = nullptr;
  const int size = Encode(object, &out);
  if (size <= 0) return {};
  Bytes der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  OPENSSL_free(out);
  return der;
}

Imprint imprint_of(std::string_view data) {
  const Hash hash = sha256(data);
  Imprint imprint(TS_MSG_IMPRINT_new());
  const Algorithm algorithm(X509_ALGOR_new());
  if (!imprint || !algorithm) return nullptr;
  X509_ALGOR_set_md(algorithm.get(), EVP_sha256());
  std::array<unsigned char, 32> octets{};
  std::copy(hash.octets.begin(), hash.octets.end(), octets.begin());
  if (TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) != 1) return nullptr;
  if (TS_MSG_IMPRINT_set_msg(imprint.get(), octets.data(), static_cast<int>(octets.size())) != 1) return nullptr;
  return imprint;
}

// Of the algorithm only the name: some write its absent parameters, some do not.
bool same_imprint(TS_MSG_IMPRINT* a, TS_MSG_IMPRINT* b) {
  const ASN1_OBJECT* name[2] = {};
  X509_ALGOR_get0(&name[0], nullptr, nullptr, TS_MSG_IMPRINT_get_algo(a));
  X509_ALGOR_get0(&name[1], nullptr, nullptr, TS_MSG_IMPRINT_get_algo(b));
  return OBJ_cmp(name[0], name[1]) == 0 && ASN1_STRING_cmp(TS_MSG_IMPRINT_get_msg(a), TS_MSG_IMPRINT_get_msg(b)) == 0;
}

// In DER, not only BER: one writing of a token.
Token token_of(std::string_view der) {
  auto token = from_der<Token, d2i_PKCS7>(der);
  return token && to_der<i2d_PKCS7>(token.get()) == der ? std::move(token) : nullptr;
}

Info info_of(PKCS7& token) {
  Info info(PKCS7_to_TS_TST_INFO(&token));
  ERR_clear_error();
  return info;
}

std::string hexadecimal(const ASN1_INTEGER* integer) {
  const Number number(ASN1_INTEGER_to_BN(integer, nullptr));
  char* const text = number ? BN_bn2hex(number.get()) : nullptr;
  std::string hex = text == nullptr ? std::string() : text;
  OPENSSL_free(text);
  return hex;
}

std::string object_name(const ASN1_OBJECT* object) {
  char text[128] = {};
  OBJ_obj2txt(text, sizeof text, object, 1);
  return text;
}

std::string authority_of(PKCS7& token) {
  STACK_OF(X509)* const signers = PKCS7_get0_signers(&token, nullptr, 0);
  std::string name;
  if (signers != nullptr && sk_X509_num(signers) == 1) {
    const Bio text(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(text.get(), X509_get_subject_name(sk_X509_value(signers, 0)), 0,
                       XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    char* octets = nullptr;
    const long size = BIO_get_mem_data(text.get(), &octets);
    if (size > 0) name.assign(octets, static_cast<std::size_t>(size));
  }
  sk_X509_free(signers);
  ERR_clear_error();
  return name;
}

std::expected<Store, std::string> store_of(std::string_view authorities, std::int64_t instant_s) {
  Store store(X509_STORE_new());
  const Bio pem(BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size())));
  std::size_t count = 0;
  while (const Certificate certificate{PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store.get(), certificate.get());
    ++count;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (count == 0 || !at_end)
    return bad("certificats d'autorités illisibles ; un ou plusieurs certificats en PEM sont attendus");
  ERR_clear_error();
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), static_cast<std::time_t>(instant_s));
  return store;
}

struct Read {
  Token token;
  Timestamp stamp;
};

std::expected<Read, std::string> read(std::string_view der, std::string_view data) {
  Read read{.token = token_of(der), .stamp = {}};
  const Info info = read.token ? info_of(*read.token) : nullptr;
  if (!info) return bad("horodatage illisible : un jeton de la RFC 3161 en DER est attendu");
  if (!same_imprint(TS_TST_INFO_get_msg_imprint(info.get()), imprint_of(data).get()))
    return bad("l'horodatage porte sur autre chose que cette tête, ou n'est pas fait par SHA-256");
  std::tm time{};
  if (ASN1_TIME_to_tm(TS_TST_INFO_get_time(info.get()), &time) != 1)
    return bad("l'instant de l'horodatage est illisible");
  read.stamp.instant_s = ::timegm(&time);
  read.stamp.serial = hexadecimal(TS_TST_INFO_get_serial(info.get()));
  read.stamp.policy = object_name(TS_TST_INFO_get_policy_id(info.get()));
  read.stamp.authority = authority_of(*read.token);
  return read;
}

}  // namespace

Bytes timestamp_request(std::string_view data) {
  std::array<unsigned char, kNonceBytes> octets{};
  if (RAND_bytes(octets.data(), kNonceBytes) != 1) return {};
  const Number number(BN_bin2bn(octets.data(), kNonceBytes, nullptr));
  const Integer nonce(BN_to_ASN1_INTEGER(number.get(), nullptr));
  const Request request(TS_REQ_new());
  const Imprint imprint = imprint_of(data);
  if (!request || !imprint || !nonce) return {};
  TS_REQ_set_version(request.get(), 1);
  TS_REQ_set_msg_imprint(request.get(), imprint.get());
  TS_REQ_set_nonce(request.get(), nonce.get());
  TS_REQ_set_cert_req(request.get(), 1);
  return to_der<i2d_TS_REQ>(request.get());
}

std::expected<Bytes, std::string> timestamp_token(std::string_view reply, std::string_view request) {
  Token token = token_of(reply);
  if (!token) {
    const auto response = from_der<Reply, d2i_TS_RESP>(reply);
    if (!response)
      return bad("réponse d'horodatage illisible : une réponse ou un jeton de la RFC 3161 en DER est attendu");
    const long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response.get())));
    if (status != TS_STATUS_GRANTED && status != TS_STATUS_GRANTED_WITH_MODS)
      return bad(fmt::format("l'autorité a refusé d'horodater (statut {}) ; lui envoyer une autre demande", status));
    if (TS_RESP_get_token(response.get()) == nullptr) return bad("la réponse de l'autorité ne porte pas de jeton");
    token.reset(PKCS7_dup(TS_RESP_get_token(response.get())));
  }
  const Info info = token ? info_of(*token) : nullptr;
  if (!info) return bad("la réponse de l'autorité porte autre chose qu'un jeton d'horodatage");
  if (!request.empty()) {
    const auto asked = from_der<Request, d2i_TS_REQ>(request);
    if (!asked) return bad("demande d'horodatage illisible : une demande de la RFC 3161 en DER est attendue");
    if (!same_imprint(TS_REQ_get_msg_imprint(asked.get()), TS_TST_INFO_get_msg_imprint(info.get())))
      return bad("la réponse porte sur une autre tête que la demande");
    const ASN1_INTEGER* const nonce = TS_REQ_get_nonce(asked.get());
    const ASN1_INTEGER* const given = TS_TST_INFO_get_nonce(info.get());
    if (nonce != nullptr && (given == nullptr || ASN1_INTEGER_cmp(nonce, given) != 0))
      return bad("la réponse n'est pas celle de cette demande : son nombre unique est autre");
  }
  return to_der<i2d_PKCS7>(token.get());
}

std::expected<Timestamp, std::string> read_timestamp(std::string_view token, std::string_view data) {
  auto found = read(token, data);
  if (!found) return bad(std::move(found.error()));
  return std::move(found->stamp);
}

std::expected<Timestamp, std::string> check_timestamp(std::string_view token, std::string_view data,
                                                      std::string_view authorities) {
  auto found = read(token, data);
  if (!found) return bad(std::move(found.error()));
  auto store = store_of(authorities, found->stamp.instant_s);
  if (!store) return bad(std::move(store.error()));
  const Hash hash = sha256(data);
  auto* const imprint = static_cast<unsigned char*>(OPENSSL_memdup(hash.octets.data(), hash.octets.size()));
  const Context context(TS_VERIFY_CTX_new());
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_IMPRINT);
  TS_VERIFY_CTX_set_imprint(context.get(), imprint, static_cast<long>(hash.octets.size()));
  TS_VERIFY_CTX_set_store(context.get(), store->release());  // the context frees both
  if (TS_RESP_verify_token(context.get(), found->token.get()) != 1) {
    return bad(
        fmt::format("l'horodatage n'est pas d'une autorité de confiance, ou il a changé ({})", openssl_reason()));
  }
  return std::move(found->stamp);
}

}  // namespace assemblier::storage
