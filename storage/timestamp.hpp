#pragma once
// Time stamps of RFC 3161: an authority's signed word that some octets existed at an instant. Here the octets are those
// of a signed head, whole, so that whoever holds the head and the token needs nothing else to believe the date.
//
// Thread-safety: pure functions.
//
//   send(timestamp_request(head));                              // over HTTP, or by hand
//   auto token = timestamp_token(reply);
//   auto stamp = check_timestamp(*token, head, authorities);    // stamp->instant_s

#include "storage/bytes.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace assemblier::storage {

/// A TimeStampReq (RFC 3161 § 2.4.1) in DER over SHA-256 of `data`, with a nonce of 64 random bits, asking for the
/// authority's certificate in the token. Empty only when the system gives no random octets.
[[nodiscard]] Bytes timestamp_request(std::string_view data);

/// The token, in DER, of a TimeStampResp that grants one (§ 2.4.2), or `reply` itself when it is a token already. With
/// a request, the reply must be an answer to it: same imprint, same nonce. French reason.
[[nodiscard]] std::expected<Bytes, std::string> timestamp_token(std::string_view reply, std::string_view request = {});

/// What a token says. Unchecked until check_timestamp has said yes.
struct Timestamp {
  std::int64_t instant_s = 0;  ///< UTC seconds since 1970-01-01, fractions dropped
  std::string serial;          ///< of the token, hexadecimal
  std::string policy;          ///< OID under which it was given
  std::string authority;  ///< subject of the certificate that signed it, RFC 2253; empty when it is not in the token
};

/// Reads a token made over SHA-256 of `data`, without asking who signed it. French reason.
[[nodiscard]] std::expected<Timestamp, std::string> read_timestamp(std::string_view token, std::string_view data);

/// The same, and the token's signature, its one certificate for time stamping and that certificate's chain up to one of
/// `authorities` (PEM, one or several), as they were valid at the token's own instant: a token outlives its
/// certificate. French reason.
[[nodiscard]] std::expected<Timestamp, std::string> check_timestamp(std::string_view token, std::string_view data,
                                                                    std::string_view authorities);

}  // namespace assemblier::storage
