#include "caf_pool/backend/redis/redis_home.hpp"

#include <string_view>

namespace caf_pool {

std::vector<redis_command> redis_set_up(const redis_home& home) {
  std::vector<redis_command> result;
  auto& hello = result.emplace_back("HELLO", home.protocol);
  if (!home.password.empty()) {
    auto user = home.user.empty() ? std::string_view{"default"}
                                  : std::string_view{home.user};
    hello.add("AUTH").add(user).add(home.password.reveal());
  }
  if (!home.client_name.empty())
    hello.add("SETNAME").add(home.client_name);
  if (home.database != 0)
    result.emplace_back("SELECT", home.database);
  if (home.replica)
    result.emplace_back("READONLY");
  return result;
}

} // namespace caf_pool
