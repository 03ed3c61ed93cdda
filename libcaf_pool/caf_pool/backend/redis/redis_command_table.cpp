#include "caf_pool/backend/redis/redis_command_table.hpp"

#include "caf_pool/backend/redis/redis_command_rows.hpp"
#include "caf_pool/backend/redis/redis_word.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace caf_pool {

namespace {

using command_rows = std::span<const redis_command_facts>;

/// FNV-1a of the word, the same for letters of either case.
constexpr std::size_t hash_of(std::string_view word) noexcept {
  std::uint32_t result = 2166136261U;
  for (auto c : word)
    result = (result ^ (static_cast<unsigned char>(c) | 0x20U)) * 16777619U;
  return result ^ (result >> 15);
}

/// Finds the rows of a name by its hash.
class command_index {
public:
  command_index() {
    add_all(redis_command_rows());
    add_all(redis_subcommand_rows());
  }

  command_rows find(std::string_view name) const noexcept {
    for (auto at = hash_of(name) % places; !rows_[at].empty();
         at = (at + 1) % places)
      if (is_word(name, rows_[at].front().name))
        return rows_[at];
    return {};
  }

private:
  /// More than twice as many as there are names.
  static constexpr std::size_t places = 1024;

  void add_all(command_rows all) {
    while (!all.empty()) {
      auto same = std::size_t{1};
      while (same < all.size() && all[same].name == all.front().name)
        ++same;
      auto at = hash_of(all.front().name) % places;
      while (!rows_[at].empty())
        at = (at + 1) % places;
      rows_[at] = all.first(same);
      all = all.subspan(same);
    }
  }

  std::array<command_rows, places> rows_;
};

command_rows rows_of(std::string_view name) {
  static const command_index index;
  return index.find(name);
}

bool has_subcommands(const command_rows& rows) noexcept {
  return rows.size() > 1 || !rows.front().subcommand.empty();
}

const redis_command_facts* find_row(const command_rows& rows,
                                    std::string_view subcommand) {
  for (auto& row : rows)
    if (is_word(subcommand, row.subcommand))
      return &row;
  return nullptr;
}

} // namespace

const redis_command_facts* find_redis_command(std::string_view name,
                                              std::string_view subcommand) {
  auto rows = rows_of(name);
  return rows.empty() || has_subcommands(rows) ? find_row(rows, subcommand)
                                               : &rows.front();
}

const redis_command_facts* find_redis_command(const redis_command& command) {
  auto rows = rows_of(command.name());
  // To read an argument costs more than to find a name.
  return rows.empty() || has_subcommands(rows) ? find_row(rows, command.at(1))
                                               : &rows.front();
}

bool is_read(const redis_command& command) {
  auto* facts = find_redis_command(command);
  return facts != nullptr && facts->reads_only();
}

} // namespace caf_pool
