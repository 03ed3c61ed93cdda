#include "caf_pool/backend/redis_cluster/every_master.hpp"

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/core/one_of.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <string>
#include <utility>

namespace caf_pool::cluster {

namespace {

constexpr unsigned cursor_bits = 48;
constexpr std::uint64_t cursor_mask = (std::uint64_t{1} << cursor_bits) - 1;

error no_scan(std::string why) {
  return {errc::not_supported, "SCAN over a cluster: " + std::move(why), {}};
}

result<redis_value> sum_of(const std::vector<result<redis_value>>& replies) {
  std::int64_t result = 0;
  for (auto& x : replies)
    if (auto* n = std::get_if<std::int64_t>(&x->value))
      result += *n;
  return redis_value{result};
}

result<redis_value> all_of(std::vector<result<redis_value>>& replies) {
  auto result = redis_array{};
  for (auto& x : replies)
    if (auto* values = std::get_if<redis_array>(&(*x).value))
      for (auto& value : values->items)
        result.items.push_back(std::move(value));
  return redis_value{std::move(result)};
}

} // namespace

gathering gathering_of(const redis_command& command) {
  auto* facts = find_redis_command(command);
  if (facts == nullptr)
    return gathering::none;
  auto name = facts->name;
  if (name == "scan")
    return gathering::scan;
  if (name == "dbsize")
    return gathering::sum;
  if (name == "keys")
    return gathering::values;
  auto on_all
    = one_of(name, {"flushall", "flushdb"})
      || (name == "script" && one_of(facts->subcommand, {"load", "flush"}))
      || (name == "function"
          && one_of(facts->subcommand, {"load", "delete", "flush", "restore"}));
  return on_all ? gathering::same : gathering::none;
}

result<redis_value> gathered(gathering how,
                             std::vector<result<redis_value>> replies) {
  for (auto& x : replies)
    if (!x)
      return x.error();
  if (replies.empty())
    return error{errc::server_unready, "no master is known", "CLUSTERDOWN"};
  switch (how) {
    case gathering::sum:
      return sum_of(replies);
    case gathering::values:
      return all_of(replies);
    default:
      return std::move(replies.front());
  }
}

std::optional<scan_place> scan_place::of(const redis_command& scan) {
  auto number = parse_number<std::uint64_t>(scan.at(1));
  if (!number)
    return std::nullopt;
  return scan_place{*number >> cursor_bits, *number & cursor_mask};
}

redis_command scan_place::command_for(const redis_command& scan) const {
  auto result = redis_command{};
  std::size_t i = 0;
  for (auto part : scan) {
    if (i++ == 1)
      result.add(cursor);
    else
      result.add(part);
  }
  return result;
}

result<redis_value> scan_place::reply_of(redis_value said,
                                         std::size_t masters) const {
  auto* parts = std::get_if<redis_array>(&said.value);
  auto text = parts != nullptr && !parts->items.empty()
                ? parts->items.front().text()
                : std::nullopt;
  auto next = text ? parse_number<std::uint64_t>(*text) : std::nullopt;
  if (!next)
    return no_scan("the reply makes no sense: " + to_string(said));
  if (*next > cursor_mask)
    return no_scan(
      "a node has a cursor of more than 48 bits; scan the node "
      "by a pool of its own");
  auto at = scan_place{master, *next};
  if (*next == 0)
    at.master = master + 1 < masters ? master + 1 : 0;
  parts->items.front()
    = redis_value{std::to_string((at.master << cursor_bits) | at.cursor)};
  return said;
}

} // namespace caf_pool::cluster
