#include "caf_pool/gate/door_keeper.hpp"

#include <caf/io/basp_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <iterator>
#include <utility>

namespace caf_pool {

namespace {

caf::io::connection_handle handle_of(int socket) {
  return caf::io::network::conn_hdl_from_socket(socket);
}

} // namespace

door_keeper::door_keeper(int listener, std::string address, std::uint16_t port,
                         std::shared_ptr<strangers> known)
  : caf::io::doorman(caf::io::network::accept_hdl_from_socket(listener)),
    strangers_(std::move(known)),
    address_(std::move(address)),
    port_(port) {
  // nop
}

bool door_keeper::let_in(int socket, std::size_t max) {
  if (detached() || parent()->num_connections() >= max) {
    ::close(socket);
    return false;
  }
  auto& network = parent()->backend();
  auto connection = network.new_scribe(socket);
  auto handle = connection->hdl();
  parent()->add_scribe(std::move(connection));
  strangers_->insert_or_assign(socket, clock::now());
  size_ = parent()->num_connections();
  // Makes CAF greet the peer.
  new_connection(&network, handle);
  return true;
}

std::size_t door_keeper::cut_off_silent(
  const std::unordered_set<caf::node_id>& clients, duration login_limit) {
  if (detached())
    return 0;
  auto& broker = static_cast<caf::io::basp_broker&>(*parent());
  auto now = clock::now();
  std::size_t result = 0;
  for (auto i = strangers_->begin(); i != strangers_->end();) {
    auto& [socket, since] = *i;
    auto handle = handle_of(socket);
    auto gone = !broker.valid(handle);
    if (!gone && clients.contains(broker.instance.tbl().lookup_direct(handle)))
      since = now;
    auto late = !gone && now - since >= login_limit;
    if (late)
      // CAF's own way would wait for the peer to close.
      ::shutdown(socket, SHUT_RDWR);
    result += late ? 1 : 0;
    i = gone || late ? strangers_->erase(i) : std::next(i);
  }
  size_ = broker.num_connections();
  return result;
}

bool door_keeper::new_connection() {
  return true;
}

void door_keeper::launch() {
  // nop
}

void door_keeper::graceful_shutdown() {
  if (!detached())
    detach(&parent()->backend(), false);
}

void door_keeper::add_to_loop() {
  // nop
}

void door_keeper::remove_from_loop() {
  // nop
}

std::string door_keeper::addr() const {
  return address_;
}

std::uint16_t door_keeper::port() const {
  return port_;
}

} // namespace caf_pool
