#include "caf_pool/core/redis_command.hpp"

#include <algorithm>
#include <optional>

namespace caf_pool {

namespace {

/// A bulk string is at most so long for any server (`proto-max-bulk-len`).
constexpr std::size_t longest_bulk = std::size_t{512} << 20;

void append_number(std::string& out, char mark, std::size_t x) {
  char digits[24];
  auto end = std::to_chars(std::begin(digits), std::end(digits), x).ptr;
  out += mark;
  out.append(digits, end);
  out += "\r\n";
}

/// Takes "$<length>\r\n<bytes>\r\n" from the front; none if it is not there.
std::optional<std::string_view> take_bulk(std::string_view& from) {
  if (from.empty() || from.front() != '$')
    return std::nullopt;
  auto length = std::size_t{0};
  auto [end, problem]
    = std::from_chars(from.data() + 1, from.data() + from.size(), length);
  auto line = static_cast<std::size_t>(end - from.data());
  // Servers end the connection for a zero before the digits.
  auto padded = line > 2 && from[1] == '0';
  if (problem != std::errc{} || from.substr(line, 2) != "\r\n" || padded
      || length > longest_bulk)
    return std::nullopt;
  auto start = line + 2;
  if (from.size() - start < length + 2
      || from.substr(start + length, 2) != "\r\n")
    return std::nullopt;
  auto result = from.substr(start, length);
  from.remove_prefix(start + length + 2);
  return result;
}

} // namespace

void redis_command::const_iterator::read() {
  auto bulk = take_bulk(rest_);
  here_ = bulk ? *bulk : std::string_view{};
}

redis_command& redis_command::add(std::string_view x) {
  append_number(bulks_, '$', x.size());
  bulks_ += x;
  bulks_ += "\r\n";
  ++size_;
  return *this;
}

std::string_view redis_command::at(std::size_t index) const {
  if (index >= size_)
    return {};
  return *std::next(begin(), static_cast<std::ptrdiff_t>(index));
}

void redis_command::append_to(std::string& out) const {
  append_number(out, '*', size_);
  out += bulks_;
}

redis_command redis_command::from_bulks(std::string bulks) {
  auto result = redis_command{};
  auto rest = std::string_view{bulks};
  for (; !rest.empty(); ++result.size_)
    if (!take_bulk(rest))
      return {};
  result.bulks_ = std::move(bulks);
  return result;
}

} // namespace caf_pool
