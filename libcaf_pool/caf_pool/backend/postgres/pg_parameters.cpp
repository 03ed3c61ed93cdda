#include "caf_pool/backend/postgres/pg_parameters.hpp"

#include "caf_pool/backend/postgres/pg_types.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>

namespace caf_pool {

namespace {

// The protocol counts parameters in 16 bits.
constexpr std::size_t max_parameters = 65535;

// The server takes messages of just under 1 GiB. The slack is for all else.
constexpr std::uint64_t max_bytes = (1 << 30) - (4 << 20);

template <std::integral T>
const char* write_number(std::array<char, 32>& out, T x) {
  *std::to_chars(out.data(), out.data() + out.size() - 1, x).ptr = '\0';
  return out.data();
}

const char* write_number(std::array<char, 32>& out, double x) {
  if (std::isnan(x))
    return "NaN";
  if (std::isinf(x))
    return x > 0 ? "Infinity" : "-Infinity";
  *std::to_chars(out.data(), out.data() + out.size() - 1, x).ptr = '\0';
  return out.data();
}

error bad_parameter(std::size_t index, const char* why) {
  return {errc::invalid_argument,
          "parameter $" + std::to_string(index + 1) + ' ' + why,
          {}};
}

error too_many(std::size_t n) {
  return {errc::invalid_argument,
          "a statement takes at most 65535 parameters, this one has "
            + std::to_string(n) + "; send rows in portions",
          {}};
}

error too_large() {
  return {errc::invalid_argument,
          "the parameters have more than 1 GiB together, which PostgreSQL "
          "refuses; send them in portions",
          {}};
}

} // namespace

result<void> pg_parameters::bind(std::span<const sql_value> values) {
  auto n = values.size();
  if (n > max_parameters) [[unlikely]]
    return too_many(n);
  source_ = values;
  bytes_ = 0;
  types_.assign(n, 0);
  values_.assign(n, nullptr);
  lengths_.assign(n, 0);
  formats_.assign(n, 0);
  numbers_.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    auto& value = values[i];
    if (auto* flag = std::get_if<bool>(&value)) {
      values_[i] = *flag ? "true" : "false";
    } else if (auto* whole = std::get_if<std::int64_t>(&value)) {
      values_[i] = write_number(numbers_[i], *whole);
    } else if (auto* large = std::get_if<std::uint64_t>(&value)) {
      values_[i] = write_number(numbers_[i], *large);
    } else if (auto* real = std::get_if<double>(&value)) {
      values_[i] = write_number(numbers_[i], *real);
    } else if (auto* text = std::get_if<std::string>(&value)) {
      if (text->find('\0') != std::string::npos) [[unlikely]]
        return bad_parameter(i,
                             "is text with a zero byte, which PostgreSQL "
                             "cannot hold; pass it as bytes (blob)");
      values_[i] = text->c_str();
      bytes_ += text->size();
    } else if (auto* bytes = std::get_if<blob>(&value)) {
      // Not null even if there are no bytes: that would be SQL's NULL.
      values_[i]
        = bytes->empty() ? "" : reinterpret_cast<const char*>(bytes->data());
      lengths_[i] = static_cast<int>(bytes->size());
      bytes_ += bytes->size();
      formats_[i] = 1;
      types_[i] = pg_bytea;
    }
  }
  if (bytes_ > max_bytes) [[unlikely]]
    return too_large();
  return {};
}

bool pg_parameters::has_bytes() const noexcept {
  return std::find(formats_.begin(), formats_.end(), 1) != formats_.end();
}

} // namespace caf_pool
