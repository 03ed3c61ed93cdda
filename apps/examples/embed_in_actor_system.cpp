// A pool in a program with actors of its own: typed messages, results by
// `.then`.

#include "caf_pool/actors.hpp"
#include "caf_pool/sqlite.hpp"

#include <iostream>

using namespace caf_pool;

namespace {

struct config : caf::actor_system_config {
  config() {
    configure_pools(*this);
  }
};

void greet(caf::event_based_actor* self, const pool_handle& db) {
  auto how = acquire_options{};
  how.limit = std::chrono::seconds{30};
  auto question = execute{"SELECT 'hello from ' || sqlite_version() AS text",
                          how.starting(clock::now())};
  ask(self, db, caf::infinite, question)
    .then(
      [](const outcome& x) {
        for (auto row : x.results().front())
          std::cout << row["text"].as<std::string>().substr(0, 10) << '\n';
      },
      [](const caf::error& why) {
        std::cerr << to_string(from_caf(why)) << '\n';
      });
}

} // namespace

int main() {
  config cfg;
  caf::actor_system sys{cfg};
  auto server = sqlite(":memory:");
  auto db = spawn_pool(sys, server.config, server.backend).value();

  auto actor = sys.spawn(greet, db.address);
  auto self = caf::scoped_actor{sys};
  self->wait_for(actor);

  // Ends the pool; the actor system would wait for it otherwise.
  ask(self.ptr(), db.address, caf::infinite,
      control{control::verb::drain, std::chrono::seconds{1}})
    .receive([](const accepted&) {},
             [](const caf::error& why) {
               std::cerr << to_string(from_caf(why)) << '\n';
             });
}
