#include "support/private_redis_cluster.hpp"

#include "support/free_port.hpp"
#include "support/process.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace caf_pool::test {

namespace {

constexpr std::size_t cluster_size = 6;
constexpr long slot_count = 16384;

// A line of CLUSTER SLOTS.
struct slot_range {
  long first = 0;
  long last = 0;
  std::uint16_t master = 0;
  std::vector<std::uint16_t> replicas;

  bool same_master(const slot_range& other) const {
    return first == other.first && last == other.last && master == other.master;
  }
};

using slot_view = std::vector<slot_range>;

slot_view slots_of(const private_redis& node) {
  auto port_of = [](const redis_reply& x) {
    return static_cast<std::uint16_t>(std::stoul(x.elements.at(1).text));
  };
  slot_view result;
  for (auto& entry : node.call({"CLUSTER", "SLOTS"}).elements) {
    slot_range range;
    range.first = std::stol(entry.elements.at(0).text);
    range.last = std::stol(entry.elements.at(1).text);
    range.master = port_of(entry.elements.at(2));
    for (std::size_t i = 3; i < entry.elements.size(); ++i)
      range.replicas.push_back(port_of(entry.elements[i]));
    result.push_back(std::move(range));
  }
  std::sort(result.begin(), result.end(),
            [](auto& lhs, auto& rhs) { return lhs.first < rhs.first; });
  return result;
}

// A field of CLUSTER INFO; empty if there is none.
std::string cluster_info(const private_redis& node, const std::string& field) {
  auto text = node.query({"CLUSTER", "INFO"});
  auto begin = text.find(field + ':');
  if (begin == std::string::npos)
    return {};
  begin += field.size() + 1;
  return text.substr(begin, text.find('\r', begin) - begin);
}

// The first word of ROLE: "master" or "slave".
std::string redis_role(const private_redis& node) {
  return node.call({"ROLE"}).elements.at(0).text;
}

void run_redis_cli(const std::vector<std::string>& args) {
  process_options opts;
  opts.command = {private_redis::cli_program()};
  auto login = private_redis::cli_login();
  opts.command.insert(opts.command.end(), login.begin(), login.end());
  opts.command.insert(opts.command.end(), args.begin(), args.end());
  auto result = run(std::move(opts));
  if (result.status != 0)
    throw std::runtime_error{"redis-cli failed: " + result.out + result.err};
}

std::string address_of_node(const private_redis& node) {
  return "127.0.0.1:" + std::to_string(node.port());
}

} // namespace

// -- implementation -----------------------------------------------------------

struct private_redis_cluster::impl {
  std::vector<std::unique_ptr<private_redis>> nodes;

  void start(const private_redis_cluster_options& options);
  void create() const;
  private_redis& node_at(std::uint16_t port) const;
  bool all_answer() const;
  bool serves_all(const slot_view& view) const;
  bool ok() const;
  slot_view newest_view() const;
};

void private_redis_cluster::impl::start(
  const private_redis_cluster_options& options) {
  std::vector<std::future<std::unique_ptr<private_redis>>> starting;
  for (std::size_t i = 0; i < cluster_size; ++i) {
    auto node = options.node;
    // Replicas are named to clients once their masters have sent something.
    std::vector<std::string> lines{
      "cluster-enabled yes", "cluster-config-file nodes.conf",
      "cluster-node-timeout " + std::to_string(options.node_timeout.count()),
      "cluster-port " + std::to_string(free_port()),
      "repl-ping-replica-period 1"};
    node.settings.insert(node.settings.begin(), lines.begin(), lines.end());
    starting.push_back(std::async(std::launch::async, [node] {
      return std::make_unique<private_redis>(node);
    }));
  }
  for (auto& node : starting)
    nodes.push_back(node.get());
}

void private_redis_cluster::impl::create() const {
  std::vector<std::string> args{"--cluster", "create"};
  for (auto& node : nodes)
    args.push_back(address_of_node(*node));
  args.insert(args.end(), {"--cluster-replicas", "1", "--cluster-yes"});
  run_redis_cli(args);
}

private_redis& private_redis_cluster::impl::node_at(std::uint16_t port) const {
  auto i = std::find_if(nodes.begin(), nodes.end(), [port](auto& node) {
    return node->port() == port || node->tls_port() == port;
  });
  if (i == nodes.end())
    throw std::runtime_error{"no node has port " + std::to_string(port)};
  return **i;
}

bool private_redis_cluster::impl::all_answer() const {
  return std::all_of(nodes.begin(), nodes.end(),
                     [](auto& node) { return node->answering(); });
}

bool private_redis_cluster::impl::serves_all(const slot_view& view) const {
  long next = 0;
  for (auto& range : view) {
    if (range.first != next || !node_at(range.master).answering()
        || (range.replicas.empty() && all_answer()))
      return false;
    next = range.last + 1;
  }
  return next == slot_count;
}

bool private_redis_cluster::impl::ok() const {
  std::optional<slot_view> agreed;
  for (auto& node : nodes) {
    if (!node->answering())
      continue;
    if (cluster_info(*node, "cluster_state") != "ok")
      return false;
    auto view = slots_of(*node);
    if (!serves_all(view))
      return false;
    if (!agreed)
      agreed = view;
    if (!std::equal(view.begin(), view.end(), agreed->begin(), agreed->end(),
                    [](auto& x, auto& y) { return x.same_master(y); }))
      return false;
  }
  return agreed.has_value();
}

slot_view private_redis_cluster::impl::newest_view() const {
  slot_view result;
  long newest = -1;
  for (auto& node : nodes) {
    if (!node->answering())
      continue;
    auto epoch = std::stol(cluster_info(*node, "cluster_current_epoch"));
    if (epoch <= newest)
      continue;
    newest = epoch;
    result = slots_of(*node);
  }
  return result;
}

// -- private_redis_cluster ----------------------------------------------------

bool private_redis_cluster::available() {
  return private_redis::available();
}

private_redis_cluster& private_redis_cluster::shared() {
  static private_redis_cluster instance;
  return instance;
}

private_redis_cluster::private_redis_cluster(
  private_redis_cluster_options options)
  : impl_(std::make_unique<impl>()) {
  impl_->start(options);
  impl_->create();
  if (!wait_until_ok())
    throw std::runtime_error{"the cluster is not ready: "
                             + nodes().front()->query({"CLUSTER", "NODES"})};
}

private_redis_cluster::~private_redis_cluster() = default;

std::vector<private_redis*> private_redis_cluster::nodes() const {
  std::vector<private_redis*> result;
  for (auto& node : impl_->nodes)
    result.push_back(node.get());
  return result;
}

private_redis& private_redis_cluster::master_of(std::uint16_t slot) const {
  for (auto& range : impl_->newest_view())
    if (range.first <= slot && slot <= range.last)
      return impl_->node_at(range.master);
  throw std::runtime_error{"nobody serves slot " + std::to_string(slot)};
}

private_redis& private_redis_cluster::replica_of(
  const private_redis& master) const {
  for (auto& range : impl_->newest_view())
    if (&impl_->node_at(range.master) == &master && !range.replicas.empty())
      return impl_->node_at(range.replicas.front());
  throw std::runtime_error{"no replica of " + address_of_node(master)};
}

void private_redis_cluster::reshard(const private_redis& from,
                                    const private_redis& to,
                                    std::size_t slots) {
  run_redis_cli({"--cluster", "reshard", address_of_node(from),
                 "--cluster-from", from.query({"CLUSTER", "MYID"}),
                 "--cluster-to", to.query({"CLUSTER", "MYID"}),
                 "--cluster-slots", std::to_string(slots), "--cluster-yes"});
  if (!wait_until_ok())
    throw std::runtime_error{"the cluster is not fine after resharding"};
}

void private_redis_cluster::fail_over(private_redis& replica) {
  // Masters vote once in two timeouts about the same master, so that an attempt
  // may fail; it ends after five seconds.
  auto promoted = [&] { return redis_role(replica) == "master"; };
  auto attempt = [&] {
    replica.query({"CLUSTER", "FAILOVER"});
    return eventually(promoted, std::chrono::seconds{6});
  };
  if (!eventually(attempt) || !wait_until_ok())
    throw std::runtime_error{"the replica did not become the master: "
                             + replica.query({"CLUSTER", "NODES"})};
}

bool private_redis_cluster::wait_until_ok(
  std::chrono::nanoseconds limit) const {
  return eventually([this] { return impl_->ok(); }, limit);
}

} // namespace caf_pool::test
