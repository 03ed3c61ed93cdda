#include "caf_pool/net/stream/tls_context.hpp"

#include "net/net_support.hpp"
#include "net/tls_files.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("certificates that can be read make a context", "[net]") {
  auto& files = tls_files::shared();
  CHECK(tls_context::make({}));
  CHECK(tls_context::make({.ca_file = files.ca,
                           .cert_file = files.client.cert,
                           .key_file = files.client.key}));
}

TEST_CASE("a file that is no good is named with the reason", "[net]") {
  auto& files = tls_files::shared();
  auto problem = [](const tls_settings& what) {
    auto context = tls_context::make(what);
    REQUIRE_FALSE(context);
    CHECK(context.error().code == errc::config_invalid);
    return context.error().message;
  };
  auto absent = files.ca + ".absent";
  auto about = [&](const tls_settings& what, const std::string& file,
                   const std::string& why) {
    auto text = problem(what);
    CHECK_THAT(text, ContainsSubstring('"' + file + '"'));
    CHECK_THAT(text, ContainsSubstring(why));
  };
  about({.ca_file = absent}, absent, "No such file");
  about({.ca_file = files.no_cert}, files.no_cert, "no certificate");
  about({.cert_file = absent, .key_file = files.client.key}, absent,
        "No such file");
  about({.cert_file = files.client.cert, .key_file = absent}, absent,
        "No such file");
  about({.cert_file = files.client.cert, .key_file = files.server.key},
        files.server.key, "mismatch");
  about({.cert_file = files.client.cert, .key_file = files.locked_key},
        files.locked_key, "encrypted");
  about({.key_file = files.client.key}, files.client.key, "certificate");
  // A certificate alone, without a key in its file.
  about({.cert_file = files.client.cert}, files.client.cert, "");
}
