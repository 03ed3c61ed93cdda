#include "remote_peer.hpp"

#include "caf_pool/remote/setup.hpp"

#include "support/eventually.hpp"

#include <caf/io/middleman.hpp>

#include <stdexcept>

namespace caf_pool::test {

using namespace std::chrono_literals;

remote_peer::config::config() {
  set_fair_scheduler(*this, 2);
  configure_remote(*this, remote_node::patient_link());
}

remote_peer::remote_peer(const remote_node& node) {
  auto gate = system_.middleman().remote_actor<wire::gate_handle>("127.0.0.1",
                                                                  node.port());
  if (!gate)
    throw std::runtime_error{"no gate"};
  gate_ = *gate;
}

result<wire::session_handle> remote_peer::greet(const wire::hello& greeting) {
  auto answer = result<wire::session_handle>{wire::session_handle{}};
  ask(self_.ptr(), gate_, patience, greeting)
    .receive([&](const wire::welcome& x) { answer = x.session; },
             [&](const caf::error& why) { answer = from_caf(why); });
  return answer;
}

} // namespace caf_pool::test
