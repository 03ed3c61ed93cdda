#include "caf_pool/net/listen_error.hpp"

namespace caf_pool {

namespace {

std::string text_of(const listen_place& where) {
  auto six = where.address.find(':') != where.address.npos;
  return (six ? '[' + where.address + ']' : where.address) + ':'
         + std::to_string(where.port);
}

} // namespace

error cannot_listen(const listen_place& where, std::error_code why) {
  auto port = std::string{where.table} + ".port";
  auto text
    = std::string{where.who} + " cannot listen at " + text_of(where) + ": ";
  if (why == std::errc::address_in_use)
    text += "the port is in use, perhaps by another node; end what uses it, or "
            "choose another one with "
            + port + " (0 picks a free one)";
  else if (why == std::errc::permission_denied)
    text += "the system does not allow it, as for most ports below 1024; choose "
            "another one with "
            + port + " (0 picks a free one)";
  else if (why == std::errc::address_not_available)
    text += "this machine has no such address; set " + std::string{where.table}
            + ".address to 127.0.0.1";
  else
    text += why.message();
  return {errc::open_failed, std::move(text), {}};
}

} // namespace caf_pool
