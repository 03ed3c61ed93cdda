#include "caf_pool/backend/redis_cluster/multi_key.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace caf_pool::cluster {

namespace {

struct divisible_command {
  std::string_view name;
  merging how;
};

constexpr std::array<divisible_command, 6> divisible_commands{{
  {"MGET", merging::values},
  {"DEL", merging::sum},
  {"UNLINK", merging::sum},
  {"EXISTS", merging::sum},
  {"TOUCH", merging::sum},
  {"MSET", merging::ok},
}};

/// Compares a command's name, in letters of either case, with upper case.
bool is_named(std::string_view written, std::string_view name) {
  auto alike = [](char x, char y) {
    return (x >= 'a' && x <= 'z' ? static_cast<char>(x - 'a' + 'A') : x) == y;
  };
  return written.size() == name.size()
         && std::equal(written.begin(), written.end(), name.begin(), alike);
}

error strange_reply(const redis_value& got) {
  return {errc::execute_failed,
          "a piece of the command was answered with " + to_string(got)
            + ", which cannot be merged",
          {}};
}

/// Puts the values of each piece at the places of their keys.
result<redis_value> merged_values(const std::vector<piece_reply>& pieces) {
  redis_array all;
  for (auto& x : pieces)
    all.items.resize(all.items.size() + x.keys->size());
  for (auto& x : pieces) {
    auto* values = (*x.reply)->array();
    if (values == nullptr || values->items.size() != x.keys->size())
      return strange_reply(**x.reply);
    for (std::size_t i = 0; i < x.keys->size(); ++i)
      all.items[(*x.keys)[i]] = values->items[i];
  }
  return redis_value{std::move(all)};
}

result<redis_value> merged_sum(const std::vector<piece_reply>& pieces) {
  auto sum = std::int64_t{0};
  for (auto& x : pieces) {
    auto* count = std::get_if<std::int64_t>(&(*x.reply)->value);
    if (count == nullptr)
      return strange_reply(**x.reply);
    sum += *count;
  }
  return redis_value{sum};
}

result<redis_value> first_error(const std::vector<piece_reply>& pieces) {
  auto well = std::size_t{0};
  const error* first = nullptr;
  for (auto& x : pieces) {
    if (*x.reply)
      ++well;
    else if (first == nullptr)
      first = &x.reply->error();
  }
  auto why = *first;
  if (pieces.size() > 1)
    why.message += "; of " + std::to_string(pieces.size())
                   + " pieces, one for each slot, " + std::to_string(well)
                   + " went well";
  return why;
}

} // namespace

merging merging_of(const redis_command& command) {
  for (auto& x : divisible_commands)
    if (is_named(command.name(), x.name))
      return x.how;
  return merging::none;
}

std::vector<command_piece> cut_by_slot(const redis_command& command) {
  std::vector<command_piece> result;
  std::map<slot_number, std::size_t> places;
  auto step = merging_of(command) == merging::ok ? 2 : 1;
  auto number = std::uint32_t{0};
  auto end = command.end();
  for (auto i = ++command.begin(); i != end; ++number) {
    auto slot = slot_of(*i);
    auto [place, is_new] = places.try_emplace(slot, result.size());
    if (is_new) {
      result.push_back({redis_command{command.name()}, slot, {}});
      result.back().command.idempotent(command.is_idempotent());
    }
    auto& piece = result[place->second];
    piece.keys.push_back(number);
    for (auto n = 0; n < step && i != end; ++n, ++i)
      piece.command.add(*i);
  }
  return result;
}

result<redis_value> merged(merging how,
                           const std::vector<piece_reply>& pieces) {
  if (!std::all_of(pieces.begin(), pieces.end(),
                   [](auto& x) { return x.reply->has_value(); }))
    return first_error(pieces);
  switch (how) {
    case merging::values:
      return merged_values(pieces);
    case merging::sum:
      return merged_sum(pieces);
    case merging::none:
    case merging::ok:
      break;
  }
  return *pieces.front().reply;
}

} // namespace caf_pool::cluster
