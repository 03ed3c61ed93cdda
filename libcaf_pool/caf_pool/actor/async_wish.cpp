#include "caf_pool/actor/async_wish.hpp"

#include <utility>

namespace caf_pool {

granter async_wish::answer() {
  auto [mine, theirs]
    = make_waiter([self = shared_from_this()](result<loan> x) {
        self->conclude(std::move(x));
      });
  return std::move(theirs);
}

void async_wish::conclude(result<loan> x) {
  if (x)
    handler(lease{*x});
  else if (x.error().code == errc::restarted
           && clock::now() < *wish.how.wait_until && asking_again != this)
    ask_again();
  else
    handler(x.error());
}

void async_wish::ask_again() {
  // If the supervisor is gone, too, the answer comes in the middle of this.
  auto before = std::exchange(asking_again, this);
  wish.caller = pool.estate->next_ticket();
  post_to(caf::actor_cast<supervisor_shell>(pool.address),
          queue_caller{wish, std::make_shared<granter>(answer())});
  asking_again = before;
}

} // namespace caf_pool
