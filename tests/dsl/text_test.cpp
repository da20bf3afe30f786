// French text in NFC: what may be left alone must really be its own normal form.

#include "dsl/text.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <utf8proc.h>

namespace assemblier::dsl {
namespace {

std::string utf8(unsigned code_point) {
  utf8proc_uint8_t octets[4];
  const auto count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), octets);
  return {octets, octets + count};
}

std::string reference_nfc(const std::string& text) {
  utf8proc_uint8_t* normal = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &normal, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  std::string out(reinterpret_cast<const char*>(normal), static_cast<std::size_t>(size));
  std::free(normal);
  return out;
}

TEST(Text, WhatIsSurelyNfcIsNfc) {
  for (unsigned a = 1; a < 0x300; ++a) {
    for (unsigned b = 1 + a % 5; b < 0x300; b += 5) {
      const std::string text = utf8(a) + utf8(b);
      ASSERT_TRUE(surely_nfc(text)) << a << " " << b;
      ASSERT_EQ(reference_nfc(text), text) << a << " " << b;
    }
  }
}

TEST(Text, WhatMayComposeIsNotLeftAlone) {
  EXPECT_FALSE(surely_nfc("e\xCC\x81"));
  EXPECT_EQ(nfc("e\xCC\x81tat"), "état");
  EXPECT_EQ(nfc("état"), "état");
  EXPECT_EQ(nfc("\xE2\x84\xAB"), "Å");  // ANGSTROM SIGN
}

}  // namespace
}  // namespace assemblier::dsl
