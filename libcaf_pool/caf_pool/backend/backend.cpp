#include "caf_pool/backend/backend.hpp"

#include <limits>
#include <new>

namespace caf_pool {

result<sql_result> connection::execute(const sql_statement&, time_point) {
  return error{errc::not_supported,
               "this backend has no statements; acquire a lease and use its "
               "native handle",
               {}};
}

result<outcome> connection::run(const work&, time_point) {
  return error{errc::not_supported,
               "this backend does not understand this kind of work; send it "
               "what it is made for",
               {}};
}

result<void> connection::restrict_to_reads(time_point) {
  return error{errc::not_supported,
               "this backend cannot restrict a lease to reads; acquire one "
               "without that option",
               {}};
}

transaction_status connection::transaction() const noexcept {
  return transaction_status::unknown;
}

transaction_ends connection::ended_transactions() const noexcept {
  return {};
}

void connection::cancel() noexcept {
  // nop
}

void connection::close(time_point) noexcept {
  abort();
}

bool connection::may_repeat(const work&, errc) const noexcept {
  return false;
}

duration connection::first_try_limit() const noexcept {
  return duration::max();
}

void* connection::native_handle() noexcept {
  return nullptr;
}

result<connection_ptr> backend::open_unless(std::stop_token,
                                            time_point deadline) {
  return open(deadline);
}

result<void> backend::reachable(time_point) {
  return error{errc::not_supported,
               "this backend cannot tell whether its server is there without "
               "opening a connection",
               {}};
}

std::string backend::describe() const {
  return std::string{kind()};
}

std::uint32_t backend::max_connections() const noexcept {
  return std::numeric_limits<std::uint32_t>::max();
}

error backend_threw(const std::exception& ex) {
  if (dynamic_cast<const std::bad_alloc*>(&ex) != nullptr)
    return {errc::result_too_large,
            "this process has no memory left for the statement or its result; "
            "it cannot be said whether it took effect. Ask for less, lower "
            "max_result_bytes or the number of connections",
            {}};
  return {errc::internal,
          std::string{"the backend threw an exception, which it must not: "}
            + ex.what(),
          {}};
}

} // namespace caf_pool
