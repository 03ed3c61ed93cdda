#pragma once

#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/core/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Plays a pool's life in virtual time, half a minute per seed and so some
/// fifteen hours per run of the tests: the pool machine among
/// callers, workers, a server, an operator and a clock, all of which misbehave
/// under one seed.
namespace caf_pool::simulation {

/// How a caller ends its holding.
enum class fate : std::uint8_t {
  clean,
  dirty,
  /// Left in the middle of a reply, by its own mistake.
  broken,
  unused,
  dies,
  /// Dies while its statement runs.
  dies_busy,
  /// Never lets go, until it is told.
  forgets,
};

/// What one caller wants and does.
struct caller_script {
  duration patience = duration::zero();
  duration hold = duration::zero();
  /// Gives up by itself; zero: waits until its deadline.
  duration gives_up_after = duration::zero();
  /// How long a grant travels to it.
  duration delivery = duration::zero();
  /// Releases a second time; zero: does not.
  duration releases_again = duration::zero();
  /// Says how long it will need.
  bool announces = false;
  /// Its patience is for waiting and use together.
  bool limited = false;
  std::uint8_t priority = 0;
  std::uint32_t tenant = 0;
  fate end = fate::clean;
  bool only_if_free = false;
  /// Tries the front first.
  bool local = false;
  /// The pool's actor takes from the front for it, and may hand the lease over
  /// to the machine.
  bool by_id = false;
  /// How long after the take it does.
  duration claimed_after = duration::zero();
  /// Its release comes by the slot, not by a message.
  bool by_slot = false;
  /// Its request is doubled on the way.
  bool doubled = false;
  /// Wants its server to refuse writes.
  bool read_only = false;
  /// How long its statement takes, which the pool does for it; zero: it holds
  /// the connection by itself.
  duration runs = duration::zero();
};

/// How the server behaves.
enum class server_mode : std::uint8_t {
  healthy,
  /// Answers, but takes its time.
  slow,
  /// Its sessions go on, but it takes no new ones.
  refusing,
  /// The same, in a way that does not heal by itself.
  refusing_for_good,
  /// Sessions die, nobody gets in.
  down,
  /// Nothing answers any more, and nothing ends.
  hanging,
  /// Sessions die, new ones are welcome.
  restarted,
};

enum class deed : std::uint8_t {
  arrive,
  server,
  pause,
  resume,
  reconnect,
  configure,
  /// With new settings that replace all connections.
  recycle,
  force_open,
  force_closed,
  unforce,
  /// The process stands still.
  freeze,
  /// The pool's actor dies and a successor takes over.
  restart,
  /// A timer fires that nobody set.
  tick,
};

/// Something that the world does to the pool at a certain time.
struct stimulus {
  duration when = duration::zero();
  deed what = deed::arrive;
  /// Index of a caller's script, of a server's mode, of settings.
  std::uint32_t which = 0;
  duration length = duration::zero();
};

/// How often workers misbehave, in percent.
struct worker_manners {
  std::uint32_t late = 0;
  std::uint32_t lost = 0;
  std::uint32_t doubled = 0;
};

/// Everything about one run. Stimuli may be removed: what happens otherwise is
/// drawn from the seed by what it is about, not by its turn.
struct plan {
  std::uint64_t seed = 0;
  /// The first is in force at the start.
  std::vector<pool_config> settings;
  std::vector<caller_script> scripts;
  std::vector<stimulus> stimuli;
  worker_manners manners;
  /// The backend can look whether its server is there.
  bool sighted = false;
  /// Timers fire late by up to this.
  duration timer_slack = duration::zero();
  /// Holders and takers come between two orders, too.
  bool interleaves = false;
  /// Answers "at once" wait for the last order of a list.
  bool answers_last = false;
  /// The last holder does not let go before it is fenced off.
  bool holds_out = false;
  duration length = duration::zero();
};

/// Draws everything from a seed.
plan make_plan(std::uint64_t seed);

std::string to_string(fate x);
std::string to_string(server_mode x);
std::string to_string(deed x);

/// One line about the settings, as far as they are not the defaults.
std::string to_string(const pool_config& x);

} // namespace caf_pool::simulation
