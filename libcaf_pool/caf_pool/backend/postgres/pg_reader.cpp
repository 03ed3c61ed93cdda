#include "caf_pool/backend/postgres/pg_reader.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

// "INSERT 0 3", "UPDATE 7", but not "SELECT 5": reading touches nothing.
std::uint64_t affected_rows(PGresult* what, std::string_view command) {
  if (!command.starts_with("INSERT") && !command.starts_with("UPDATE")
      && !command.starts_with("DELETE") && !command.starts_with("MERGE"))
    return 0;
  std::string_view digits = PQcmdTuples(what);
  std::uint64_t result = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), result);
  return result;
}

constexpr std::size_t piece = 1 << 20;

// Gives the pages of what was copied back to the system: libpq's copy is of no
// use any more, but stays until the row is cleared.
void forget_pages(const char* text, std::size_t size) noexcept {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  auto first
    = (reinterpret_cast<std::uintptr_t>(text) + page - 1) / page * page;
  auto last = (reinterpret_cast<std::uintptr_t>(text) + size) / page * page;
  if (first < last)
    ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

// Copies a value piece by piece, such that a large one is never there twice.
template <class Result, class Append>
sql_value move_large(std::string_view text, std::size_t size, Append append) {
  Result result;
  result.reserve(size);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    auto part = text.substr(0, piece);
    append(result, part);
    forget_pages(part.data(), part.size());
  }
  return result;
}

sql_value read_cell(pg_cell_kind kind, std::string_view text) {
  if (text.size() <= 2 * piece) [[likely]]
    return pg_cell(kind, text);
  if (kind == pg_cell_kind::text)
    return move_large<std::string>(
      text, text.size(),
      [](std::string& to, std::string_view part) { to.append(part); });
  if (kind == pg_cell_kind::bytes && text.starts_with("\\x"))
    return move_large<blob>(text.substr(2), text.size() / 2,
                            [](blob& to, std::string_view part) {
                              auto bytes = pg_from_hex(part);
                              to.insert(to.end(), bytes.begin(), bytes.end());
                            });
  return pg_cell(kind, text);
}

} // namespace

void pg_reader::start_over() {
  bytes_ = 0;
  largest_row_ = 0;
  started_ = false;
  tag_.clear();
  kinds_.clear();
  result_ = {};
}

bool pg_reader::add(const PGresult* portion) {
  if (!started_)
    read_columns(portion);
  auto rows = PQntuples(portion);
  if (kinds_.empty())
    result_.bare_rows += static_cast<std::uint64_t>(rows);
  make_room(static_cast<std::size_t>(rows) * kinds_.size());
  for (int row = 0; row < rows; ++row) {
    largest_row_ = std::max(largest_row_, read_row(portion, row));
    if (bytes_ > limit_)
      return false;
  }
  // libpq does not write to it, but forgot to say so.
  auto* mutable_portion = const_cast<PGresult*>(portion);
  // In portions of several rows libpq puts it with the last rows, or into the
  // empty result that ends them.
  if (std::string_view tag = PQcmdStatus(mutable_portion); !tag.empty()) {
    tag_ = tag;
    result_.affected += affected_rows(mutable_portion, tag_);
  }
  return true;
}

std::uint64_t pg_reader::read_row(const PGresult* portion, int row) {
  std::uint64_t on_wire = 0;
  auto columns = static_cast<int>(kinds_.size());
  for (int column = 0; column < columns; ++column) {
    if (PQgetisnull(portion, row, column)) {
      result_.cells.emplace_back();
    } else {
      auto size = static_cast<std::size_t>(PQgetlength(portion, row, column));
      auto* text = PQgetvalue(portion, row, column);
      result_.cells.push_back(
        read_cell(kinds_[static_cast<std::size_t>(column)], {text, size}));
      on_wire += size;
    }
    bytes_ += byte_size(result_.cells.back());
  }
  return on_wire;
}

// Most results have one row: room for just that, then growth as usual. Growing
// holds old and new at the same time, so a result that has grown to a quarter
// of the limit gets room for all of it: memory that nobody touches costs
// nothing.
void pg_reader::make_room(std::size_t more) {
  auto& cells = result_.cells;
  auto wanted = cells.size() + more;
  if (cells.capacity() >= wanted)
    return;
  auto most = static_cast<std::size_t>(limit_ / sizeof(sql_value)) + more;
  auto large = wanted > most / 4;
  cells.reserve(std::max(wanted, large ? most : 2 * cells.capacity()));
}

void pg_reader::read_columns(const PGresult* portion) {
  started_ = true;
  auto columns = PQnfields(portion);
  kinds_.reserve(static_cast<std::size_t>(columns));
  result_.columns.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    kinds_.push_back(pg_kind_of(PQftype(portion, i)));
    result_.columns.emplace_back(PQfname(portion, i));
  }
}

} // namespace caf_pool
