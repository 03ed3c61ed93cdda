#include "caf_pool/gate/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <string>

namespace caf_pool::descriptors {

namespace {

/// What each port gets even if that is more than there is: then the last ones
/// find out when they come.
constexpr std::uint64_t least = 8;

} // namespace

void raise_limit() noexcept {
  rlimit x{};
  if (::getrlimit(RLIMIT_NOFILE, &x) != 0 || x.rlim_cur == x.rlim_max)
    return;
  x.rlim_cur = x.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &x);
}

std::uint64_t limit() noexcept {
  rlimit x{};
  return ::getrlimit(RLIMIT_NOFILE, &x) == 0 ? x.rlim_cur : 1024;
}

shares divide(std::uint64_t limit, std::uint64_t pool_connections,
              shares wanted) noexcept {
  auto taken = own_use + 2 * pool_connections;
  auto rest = limit > taken ? limit - taken : 0;
  auto admin = std::min<std::uint64_t>(wanted.admin, rest / 3);
  auto remote = std::min<std::uint64_t>(wanted.remote, rest - admin);
  // A few always, but never more than what was asked for.
  auto some = [](std::uint64_t room, std::uint32_t asked) {
    return std::min(asked, static_cast<std::uint32_t>(std::max(room, least)));
  };
  return {some(remote, wanted.remote), some(admin, wanted.admin)};
}

shares divide_among(const node_config& x, logger& log) {
  auto all = limit();
  auto connections = std::uint64_t{0};
  for (auto& pool : x.pools)
    connections += pool.max_size;
  auto wanted = shares{x.remote.max_connections, x.admin.max_connections};
  auto result = divide(all, connections, wanted);
  if (result != wanted)
    log.write(severity::warning, "few_descriptors",
              {{"open_files", std::to_string(all)},
               {"remote_connections", std::to_string(result.remote)},
               {"admin_connections", std::to_string(result.admin)},
               {"text",
                "the limit of open files allows fewer connections than the "
                "settings; raise it (LimitNOFILE= or ulimit -Hn)"}});
  return result;
}

} // namespace caf_pool::descriptors
