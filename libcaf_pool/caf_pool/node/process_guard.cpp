#include "caf_pool/node/process_guard.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

namespace caf_pool::process_guard {

result<void> check_user(bool allow_root) {
  if (allow_root || ::geteuid() != 0)
    return {};
  return error{errc::forbidden,
               "this would run as root, with more rights than it needs; use "
               "a user of its own (systemd: User= or DynamicUser=), or say "
               "--allow-root where there is none, as in containers",
               {}};
}

bool redirects_drivers(std::string_view variable) noexcept {
  auto begins = {std::string_view{"PG"}, std::string_view{"LD_"},
                 std::string_view{"SSL_CERT_"}, std::string_view{"OPENSSL_"}};
  auto names
    = {std::string_view{"HOSTALIASES"}, std::string_view{"LOCALDOMAIN"}};
  return std::any_of(begins.begin(), begins.end(),
                     [variable](auto x) { return variable.starts_with(x); })
         || std::find(names.begin(), names.end(), variable) != names.end();
}

std::vector<std::string> clear_environment() {
  std::vector<std::string> result;
  for (auto** x = environ; x != nullptr && *x != nullptr; ++x) {
    auto entry = std::string_view{*x};
    auto name = entry.substr(0, entry.find('='));
    if (redirects_drivers(name))
      result.emplace_back(name);
  }
  for (auto& name : result)
    ::unsetenv(name.c_str());
  std::sort(result.begin(), result.end());
  return result;
}

bool forbid_core_dumps() noexcept {
  return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

} // namespace caf_pool::process_guard
