#pragma once

#include "caf_pool/backend/postgres/pg_options.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caf_pool {

/// The keywords and values of one attempt to connect, in libpq's form. Every
/// keyword that libpq would otherwise take from the environment (`PGHOST`,
/// `PGOPTIONS`, ...) or from files in the home directory is named.
///
/// Thread-safety: like a plain value.
class pg_conninfo {
public:
  /// `host` is the name, for the certificate, or the directory of a unix
  /// socket; `address` is where to connect, empty for unix sockets.
  pg_conninfo(const pg_options& options, const std::string& host,
              const std::string& address);

  /// The arrays for `PQconnectStartParams`, valid as long as this object.
  const char* const* keywords() const noexcept {
    return keywords_.data();
  }

  const char* const* values() const noexcept {
    return values_.data();
  }

  /// Returns the value of a keyword, empty if it is not set.
  std::string_view value(std::string_view keyword) const noexcept;

private:
  using pairs = std::vector<std::pair<std::string, std::string>>;

  void set(std::string keyword, std::string value);
  void set_target(const pg_options& options, const std::string& host,
                  const std::string& address);
  void set_login(const pg_options& options);
  void set_tls(const pg_options& options, const std::string& host);
  void set_tcp(const pg_options& options);
  void set_defaults();

  pairs pairs_;
  std::vector<const char*> keywords_;
  std::vector<const char*> values_;
};

/// Renders the settings of a session as `options` of a login: "-c a=b -c ...".
std::string pg_startup_options(const pg_options& options);

} // namespace caf_pool
