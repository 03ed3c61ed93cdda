#include "backend/redis_cluster/known_commands.hpp"

#include <iterator>
#include <string>

namespace caf_pool::test {

namespace {

using texts = std::vector<std::string_view>;

result<texts> find_keys(const redis_command& command) {
  auto name = command.name();
  texts all{command.begin(), command.end()};
  if (name == "PING")
    return texts{};
  if (name == "GET" || name == "SET" || name == "INCR")
    return texts{all.begin() + 1, all.begin() + 2};
  if (name == "MGET" || name == "DEL")
    return texts{all.begin() + 1, all.end()};
  if (name != "MSET")
    return error{errc::not_supported, "its keys are not known", {}};
  texts keys;
  for (std::size_t i = 1; i < all.size(); i += 2)
    keys.push_back(all[i]);
  return keys;
}

} // namespace

cluster::command_facts known_commands() {
  auto is_read = [](const redis_command& command) {
    auto name = command.name();
    return name == "GET" || name == "MGET" || name == "PING";
  };
  return {find_keys, is_read};
}

} // namespace caf_pool::test
