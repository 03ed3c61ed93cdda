#include "caf_pool/backend/redis/redis_losses.hpp"

#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/core/duration_text.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace caf_pool {

namespace {

/// Says what happened to the connection.
std::string story_of(const redis_exchange& x, duration took) {
  switch (x.end) {
    case redis_end::late:
      return "no reply within " + to_rough_text(took)
             + "; the server may be busy, paused or frozen"
             + (x.reason.empty() ? "" : "; ") + x.reason;
    case redis_end::malformed:
      return "what the server sent is no reply: " + x.reason;
    case redis_end::too_large:
      return "the replies have more bytes than max_result_bytes";
    default:
      return "the connection was lost: " + x.reason;
  }
}

errc harmless_code(redis_end x) {
  switch (x) {
    case redis_end::late:
      return errc::execute_timeout;
    case redis_end::too_large:
      return errc::result_too_large;
    default:
      return errc::connection_lost;
  }
}

} // namespace

error redis_loss(const std::string& name, bool harmless,
                 const redis_exchange& x, duration took) {
  auto text = story_of(x, took);
  if (harmless)
    return {harmless_code(x.end), std::move(text), {}};
  return {errc::outcome_unknown,
          std::move(text) + "; " + name
            + " was sent and may have taken effect: look before you repeat it",
          {}};
}

bool is_harmless(std::span<const redis_command> commands) {
  return std::all_of(commands.begin(), commands.end(),
                     [](auto& x) { return x.is_idempotent() || is_read(x); });
}

bool may_repeat(std::span<const redis_command> commands, errc why) {
  return why == errc::connection_lost
         || (why == errc::execute_timeout && is_harmless(commands));
}

error redis_loss(const redis_command& what, bool sent, const redis_exchange& x,
                 duration took) {
  auto harmless = !sent || is_harmless({&what, 1});
  return redis_loss(std::string{what.name()}, harmless, x, took);
}

error redis_transaction_loss(std::span<const redis_command> commands,
                             const redis_exchange& x, duration took) {
  // MULTI, the commands, EXEC: without the last, the server did nothing.
  auto exec_sent = x.sent == commands.size() + 2;
  auto harmless = !exec_sent || is_harmless(commands);
  return redis_loss("the transaction", harmless, x, took);
}

error redis_conflict() {
  return {errc::execute_failed,
          "a key that the transaction watches was changed by somebody else; "
          "nothing took effect: look again and repeat it",
          "CONFLICT"};
}

} // namespace caf_pool
