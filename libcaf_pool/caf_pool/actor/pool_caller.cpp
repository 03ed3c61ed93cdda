#include "caf_pool/actor/pool_caller.hpp"

namespace caf_pool {

namespace {

struct failing {
  const error& why;

  void operator()(const std::shared_ptr<granter>& x) const {
    x->fail(why);
  }

  void operator()(const waiting_execute_ptr& x) const {
    x->reply->fail(why);
  }

  template <class T>
  void operator()(caf::typed_response_promise<T>& x) const {
    x.deliver(to_caf(why));
  }
};

} // namespace

void fail(pool_caller& who, const error& why) {
  std::visit(failing{why}, who.reply);
}

} // namespace caf_pool
