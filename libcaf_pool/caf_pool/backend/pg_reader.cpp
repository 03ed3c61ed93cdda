#include "caf_pool/backend/pg_reader.hpp"

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

} // namespace

void pg_reader::start_over() {
  bytes_ = 0;
  started_ = false;
  tag_.clear();
  kinds_.clear();
  result_ = {};
}

bool pg_reader::add(const PGresult* portion) {
  if (!started_)
    read_columns(portion);
  auto rows = PQntuples(portion);
  auto columns = static_cast<int>(kinds_.size());
  if (columns == 0)
    result_.bare_rows += static_cast<std::uint64_t>(rows);
  make_room(static_cast<std::size_t>(rows) * kinds_.size());
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(portion, row, column)) {
        result_.cells.emplace_back();
      } else {
        auto size = static_cast<std::size_t>(PQgetlength(portion, row, column));
        result_.cells.push_back(
          pg_cell(kinds_[static_cast<std::size_t>(column)],
                  {PQgetvalue(portion, row, column), size}));
      }
      bytes_ += byte_size(result_.cells.back());
    }
    if (bytes_ > limit_)
      return false;
  }
  // libpq does not write to it, but forgot to say so.
  auto* mutable_portion = const_cast<PGresult*>(portion);
  tag_ = PQcmdStatus(mutable_portion);
  result_.affected += affected_rows(mutable_portion, tag_);
  return true;
}

// Most results have one row: room for just that, then growth as usual.
void pg_reader::make_room(std::size_t more) {
  auto& cells = result_.cells;
  if (cells.capacity() - cells.size() < more)
    cells.reserve(std::max(cells.size() + more, 2 * cells.capacity()));
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
