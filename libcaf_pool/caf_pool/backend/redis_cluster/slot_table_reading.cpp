#include "caf_pool/backend/redis_cluster/slot_table_reading.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace caf_pool::cluster {

namespace {

error bad_slots(std::string_view why) {
  return {errc::invalid_argument,
          "the reply to CLUSTER SLOTS makes no sense: " + std::string{why},
          {}};
}

/// Returns the integer at a place of an array, if one is there and it is not
/// more than `most`.
std::optional<std::uint16_t> number_at(const redis_array& from, std::size_t at,
                                       std::int64_t most) {
  if (at >= from.items.size())
    return std::nullopt;
  auto* x = std::get_if<std::int64_t>(&from.items[at].value);
  if (x == nullptr || *x < 0 || *x > most)
    return std::nullopt;
  return static_cast<std::uint16_t>(*x);
}

/// Reads the parts of CLUSTER SLOTS into a table.
class slots_reader {
public:
  explicit slots_reader(const slot_table_source& source)
    : source_(source), table_(source.epoch) {
    // nop
  }

  /// Returns what is wrong with an entry; nothing if nothing is.
  std::string_view add(const redis_value& entry) {
    auto* parts = entry.array();
    if (parts == nullptr || parts->items.size() < 3)
      return "an entry is no array of slots and nodes";
    constexpr auto last_slot = static_cast<std::int64_t>(slot_count) - 1;
    auto first = number_at(*parts, 0, last_slot);
    auto last = number_at(*parts, 1, last_slot);
    if (!first || !last || *first > *last)
      return "an entry does not begin with the first and the last of its slots";
    std::vector<std::optional<node_address>> nodes;
    for (std::size_t i = 2; i < parts->items.size(); ++i) {
      auto* said = parts->items[i].array();
      if (said == nullptr || said->items.size() < 2)
        return "a node is no array of host and port";
      nodes.push_back(read_node(*said));
    }
    return add(*first, *last, nodes);
  }

  slot_table take() {
    return std::move(table_);
  }

private:
  std::string_view add(slot_number first, slot_number last,
                       const std::vector<std::optional<node_address>>& nodes) {
    if (!nodes.front())
      return {};
    std::vector<node_address> replicas;
    for (std::size_t i = 1; i < nodes.size(); ++i)
      if (nodes[i])
        replicas.push_back(*nodes[i]);
    if (table_.add(first, last, *nodes.front(), replicas))
      return {};
    return "a slot has two masters, or there are too many nodes";
  }

  /// Returns nothing for a node that is to be left out.
  std::optional<node_address> read_node(const redis_array& said) const {
    auto text = said.items[0].text();
    if (!text && !said.items[0].is_nil())
      return std::nullopt;
    auto host
      = host_from_node(text.value_or(std::string_view{}), source_.asked.host);
    auto port = number_at(said, 1, 65535);
    if (!host || !port || *port == 0)
      return std::nullopt;
    auto result = node_address{*std::move(host), *port};
    if (source_.trusted && !source_.trusted(result))
      return std::nullopt;
    return result;
  }

  const slot_table_source& source_;
  slot_table table_;
};

} // namespace

result<slot_table> read_slot_table(const redis_value& reply,
                                   const slot_table_source& source) {
  auto* entries = reply.array();
  if (entries == nullptr)
    return bad_slots("it is no array");
  slots_reader reader{source};
  for (auto& entry : entries->items)
    if (auto problem = reader.add(entry); !problem.empty())
      return bad_slots(problem);
  return reader.take();
}

std::optional<std::uint64_t> read_epoch(std::string_view info) noexcept {
  constexpr std::string_view name = "cluster_current_epoch:";
  auto at = info.starts_with(name) ? 0 : info.find("\ncluster_current_epoch:");
  if (at == info.npos)
    return std::nullopt;
  auto digits = info.substr(at + name.size() + (at == 0 ? 0 : 1));
  auto result = std::uint64_t{0};
  auto [stop, problem]
    = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  if (problem != std::errc{})
    return std::nullopt;
  return result;
}

void read_members(const redis_value& reply, const std::string& asked_host,
                  std::vector<node_address>& to) {
  auto text = reply.text().value_or(std::string_view{});
  while (!text.empty()) {
    // <id> <host:port@bus port,host name> <flags> and so on
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto begin = line.find(' ');
    if (begin == line.npos)
      continue;
    auto place = line.substr(begin + 1);
    place = place.substr(0, place.find_first_of("@, "));
    if (auto found = address_from_node(place, asked_host))
      to.push_back(*std::move(found));
  }
}

} // namespace caf_pool::cluster
