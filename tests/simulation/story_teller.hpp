#pragma once

#include "caf_pool/machine/pool_machine.hpp"

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace caf_pool::simulation {

/// Speaks with a pool machine in the words of stories.
class story_teller {
public:
  using answer = std::vector<std::string>;

  /// Does what a line says and returns what the pool answers.
  answer say(const std::string& line);

private:
  using words = std::istringstream;

  // -- kinds of commands ------------------------------------------------------

  void settle_pool(words& in);
  bool by_caller(const std::string& verb, words& in);
  bool by_worker(const std::string& verb, words& in);
  bool by_front(const std::string& verb, words& in);
  bool by_operator(const std::string& verb, words& in);
  bool by_clock(const std::string& verb, words& in);
  bool question(const std::string& verb, words& in);

  void acquire(words& in);
  void release(words& in);
  void holder_dies(words& in);
  void restart();

  // -- tools ------------------------------------------------------------------

  pool_config read_settings(words& in, pool_config base);
  void let_time_pass(time_point until);
  void hear(const effects& orders);
  void tell(std::string line) {
    answer_.push_back(std::move(line));
  }
  ticket ticket_of(const std::string& name);
  std::string name_of(ticket x) const;
  const lease_id& lease_of(const std::string& name) const;
  std::string stamp() const;
  void look(words& in);
  void claimed(words& in);
  lease_end ending(words& in) const;

  pool_config config_;
  std::unique_ptr<pool_machine> uut_;
  time_point now_ = time_point{} + std::chrono::hours{1};
  std::uint64_t epoch_ = 1;
  std::map<std::string, ticket> tickets_;
  std::map<std::string, lease_id> leases_;
  std::map<std::string, error> reasons_;
  /// The backend can look for its server; the number of its last look.
  bool sighted_ = false;
  std::uint64_t looks_ = 0;
  /// While time passes, lines begin with the time.
  bool stamped_ = false;
  answer answer_;
};

} // namespace caf_pool::simulation
