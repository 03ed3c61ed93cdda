// Nothing of a call falls out on its way, whichever way that is.

#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/gate/remote_gate.hpp"
#include "caf_pool/machine/pool_machine.hpp"
#include "caf_pool/pool.hpp"
#include "caf_pool/remote/connector.hpp"
#include "caf_pool/remote/setup.hpp"

#include "remote_node.hpp"
#include "support/call_samples.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <future>
#include <mutex>
#include <thread>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

// -- a backend that says what it was told -------------------------------------

class echo_connection : public connection {
public:
  result<void> probe(time_point) override {
    return {};
  }

  result<void> reset(reset_policy, time_point) override {
    return {};
  }

  result<sql_result> execute(const sql_statement& what, time_point) override {
    auto rows = sql_result{};
    rows.columns = {"text", "parameter"};
    rows.cells = {what.text, what.parameters.empty() ? sql_value{}
                                                     : what.parameters.front()};
    return rows;
  }

  result<outcome> run(const work& what, time_point) override {
    return outcome{std::get<opaque>(what.what)};
  }

  result<void> restrict_to_reads(time_point) override {
    return {};
  }

  trace state() const noexcept override {
    return trace::clean;
  }

  void abort() noexcept override {
    // nop
  }
};

class echo_backend : public backend {
public:
  result<connection_ptr> open(time_point) override {
    return connection_ptr{std::make_unique<echo_connection>()};
  }

  std::string_view kind() const noexcept override {
    return "echo";
  }
};

struct pools_config : caf::actor_system_config {
  pools_config() {
    configure_pools(*this);
  }
};

/// A pool of them in a system of its own.
struct echo_pool {
  pools_config cfg;
  caf::actor_system system{cfg};
  any_pool db{system, pool_config{}, std::make_shared<echo_backend>()};
};

const auto odd_bytes = opaque{"echo", std::string{"a\0\xff", 3}};
const auto statement = sql_statement{"SELECT $1", {-7}};

void check_echo(const result<outcome>& x) {
  REQUIRE(x);
  CHECK(std::get<opaque>(x->value) == odd_bytes);
}

void check_rows(const result<outcome>& x) {
  REQUIRE(x);
  REQUIRE(x->results().size() == 1);
  CHECK(x->results()[0].cells == std::vector<sql_value>{statement.text, -7});
}

// -- a pool that writes down what it is asked for -----------------------------

struct record {
  std::mutex mutex;
  std::vector<acquire> acquires;
  std::vector<execute> executes;
};

using record_ptr = std::shared_ptr<record>;

error enough() {
  return {errc::not_supported, "it was written down, that is all", {}};
}

pool_handle::behavior_type recording_pool(record_ptr to) {
  return {
    [to](const acquire& x) -> caf::result<lease_grant> {
      std::lock_guard guard{to->mutex};
      to->acquires.push_back(x);
      return to_caf(enough());
    },
    [](const acquire_lease&) -> caf::result<lease_ptr> {
      return to_caf(enough());
    },
    [](const release&) {},
    [](const revoke_lease&) {},
    [to](const execute& x) -> caf::result<outcome> {
      std::lock_guard guard{to->mutex};
      to->executes.push_back(x);
      return outcome{odd_bytes};
    },
    [](const cancel_request&) {},
    [](const get_snapshot&) { return pool_snapshot{}; },
    [](const subscribe&) {},
    [](const control&) { return accepted{}; },
    [](const reconfigure&) { return accepted{}; },
  };
}

manager_handle::behavior_type recording_manager(const pool_handle& only) {
  return {
    [only](const find_pool&) { return only; },
    [only](const revive_pool&) { return only; },
    [](const list_pools&) { return pool_list{}; },
    [only](const create_pool&) { return only; },
    [](const get_all_snapshots&) { return all_snapshots{}; },
    [](const get_pool_snapshot&) { return pool_snapshot{}; },
    [](const apply_pools&) { return accepted{}; },
    [](const drain_all&) { return accepted{}; },
    [](const subscribe_all&) {},
  };
}

struct recording_config : caf::actor_system_config {
  recording_config() {
    configure_pools(*this);
    configure_gate(*this, remote_node::patient_link());
  }
};

/// A gate with nothing behind it but a pool that writes down.
struct recording_node {
  recording_node() {
    pool = system.spawn(recording_pool, to);
    manager = system.spawn(recording_manager, pool);
    auto options = gate_options{};
    options.remote = remote_node::patient();
    options.remote.token_file = tokens.folder() + "/tokens";
    gate = std::make_unique<published_gate>(
      publish_gate(system, manager, options).value());
    gate->let_in();
  }

  ~recording_node() {
    gate->stop("the test is over");
    caf::anon_send_exit(manager, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(pool, caf::exit_reason::user_shutdown);
  }

  recording_node(const recording_node&) = delete;
  recording_node& operator=(const recording_node&) = delete;

  remote_options client_options() const {
    auto result = tokens.options();
    result.address = "127.0.0.1:" + std::to_string(gate->port());
    return result;
  }

  record_ptr to = std::make_shared<record>();
  remote_node tokens;
  recording_config cfg;
  caf::actor_system system{cfg};
  pool_handle pool;
  manager_handle manager;
  std::unique_ptr<published_gate> gate;
};

// -- options ------------------------------------------------------------------

acquire_options everything() {
  auto x = acquire_options{};
  x.wait = 50s;
  x.priority = 5;
  x.tenant = 9;
  x.expected = 7s;
  x.read_only = true;
  x.label = "importer";
  x.limit = 60s;
  return x;
}

/// A time that was told from another one, on a machine that may be slow.
void check_time(const std::optional<time_point>& x, time_point expected) {
  REQUIRE(x);
  CHECK(*x > expected - 25s);
  CHECK(*x <= expected + patience);
}

/// What has to arrive, however a call travelled.
void check_plain(const call_options& x) {
  CHECK(x.priority == 5);
  CHECK(x.expected == 7s);
  CHECK(x.read_only);
  CHECK_THAT(x.holder, ContainsSubstring("importer"));
}

void check_remote(const call_options& x) {
  check_plain(x);
  CHECK(x.bound_by_pool);
  CHECK(x.tenant != 9); // the node knows better
  CHECK(x.holder == "remote user test: importer");
}

struct client_config : caf::actor_system_config {
  client_config() {
    configure_remote(*this, remote_node::patient_link());
  }
};

} // namespace

TEST_CASE("work arrives as it is, embedded and by message") {
  echo_pool embedded;
  auto& db = embedded.db;
  check_echo(db.run(odd_bytes));
  check_rows(db.run(statement));
  auto held = db.acquire().value();
  check_echo(held.run(odd_bytes));
  check_rows(held.run(statement));
  held.release();
  caf::scoped_actor self{embedded.system};
  auto by_message = [&](work what) {
    auto told = result<outcome>{error{errc::internal, "no answer", {}}};
    ask(self.ptr(), db.actors().address, caf::timespan{patience},
        execute{std::move(what)})
      .receive([&](outcome& x) { told = std::move(x); },
               [&](const caf::error& why) { told = from_caf(why); });
    return told;
  };
  check_echo(by_message(odd_bytes));
  check_rows(by_message(statement));
}

TEST_CASE("work arrives as it is from a remote client and a remote actor") {
  remote_node node;
  auto settings = pool_config{};
  settings.max_size = 1;
  node.add_pool(settings, std::make_shared<echo_backend>());
  {
    auto db = node.client();
    check_echo(db.run("main", odd_bytes));
    check_rows(db.run("main", statement));
    auto held = db.acquire("main").value();
    check_echo(held.run(odd_bytes));
    check_rows(held.run(statement));
  }
  client_config cfg;
  caf::actor_system system{cfg};
  auto db = spawn_remote_client(system, node.options()).value();
  caf::scoped_actor self{system};
  auto by_actor = [&](const work& what) {
    auto told = result<outcome>{error{errc::internal, "no answer", {}}};
    auto answered = eventually([&] {
      ask(self.ptr(), db, caf::infinite, remote_execute{"main", what, {}, {}})
        .receive([&](remote_outcome& x) { told = std::move(x.value); },
                 [&](const caf::error& why) { told = from_caf(why); });
      return told || told.error().code != errc::node_unreachable;
    });
    CHECK(answered);
    return told;
  };
  check_echo(by_actor(odd_bytes));
  check_rows(by_actor(statement));
  post_to(db, remote_close{});
}

TEST_CASE("every option of an embedded call reaches the pool") {
  echo_pool embedded;
  auto& db = embedded.db;
  caf::scoped_actor self{embedded.system};
  auto order = [&](verb what) {
    ask(self.ptr(), db.actors().address, caf::timespan{patience}, control{what})
      .receive([](const accepted&) {},
               [](const caf::error& why) { FAIL(to_string(from_caf(why))); });
  };
  order(verb::pause);
  auto began = clock::now();
  auto call = std::async(std::launch::async,
                         [&] { return db.run(statement, everything()); });
  REQUIRE(eventually([&] {
    auto now = db.snapshot(patience);
    return now && now->gauges.waiting == 1;
  }));
  // The pool's actor has nothing to do, and answered a question just now.
  auto& wishes = db.actors().estate->machine->state().wishes;
  REQUIRE(wishes.size() == 1);
  auto& how = wishes.begin()->second.how;
  check_plain(how);
  check_time(how.wait_until, began + 50s);
  check_time(how.deadline, began + 60s);
  CHECK(how.allowed == 60s);
  CHECK(how.tenant == 9);
  order(verb::resume);
  check_rows(call.get());
}

TEST_CASE("every option of a call by message reaches the pool") {
  recording_node node;
  caf::scoped_actor self{node.system};
  auto how = full_options(clock::now());
  ask(self.ptr(), node.pool, caf::timespan{patience}, acquire{how, 3})
    .receive([](const lease_grant&) {}, [](const caf::error&) {});
  ask(self.ptr(), node.pool, caf::timespan{patience},
      execute{odd_bytes, how, {}, 4})
    .receive([](const outcome&) {}, [](const caf::error&) {});
  std::lock_guard guard{node.to->mutex};
  REQUIRE(node.to->acquires.size() == 1);
  CHECK(node.to->acquires[0].how == how);
  REQUIRE(node.to->executes.size() == 1);
  CHECK(node.to->executes[0].how == how);
  CHECK(node.to->executes[0].what == work{odd_bytes});
}

TEST_CASE("every option of a remote client's call reaches the pool") {
  recording_node node;
  auto began = clock::now();
  {
    auto db = remote_client::connect(node.client_options()).value();
    check_echo(db.run("main", odd_bytes, everything()));
    CHECK(!db.acquire("main", everything()));
    CHECK(!db.try_acquire("main"));
  }
  std::lock_guard guard{node.to->mutex};
  REQUIRE(node.to->executes.size() == 1);
  auto& ran = node.to->executes[0];
  CHECK(ran.what == work{odd_bytes});
  check_remote(ran.how);
  check_time(ran.how.wait_until, began + 50s);
  check_time(ran.how.deadline, began + 60s);
  CHECK(ran.how.allowed > 59s);
  REQUIRE(node.to->acquires.size() == 2);
  auto& wish = node.to->acquires[0].how;
  check_remote(wish);
  check_time(wish.wait_until, began + 50s);
  check_time(wish.deadline, began + 60s);
  CHECK(!wish.only_if_free);
  CHECK(node.to->acquires[1].how.only_if_free);
}

TEST_CASE("every option of a remote actor's call reaches the pool") {
  recording_node node;
  client_config cfg;
  caf::actor_system system{cfg};
  auto db = spawn_remote_client(system, node.client_options()).value();
  caf::scoped_actor self{system};
  auto began = clock::now();
  auto how = full_options(began);
  REQUIRE(eventually([&] {
    auto done = false;
    ask(self.ptr(), db, caf::infinite,
        remote_execute{"main", odd_bytes, how, {}})
      .receive([&](const remote_outcome&) { done = true; },
               [](const caf::error&) {});
    return done;
  }));
  ask(self.ptr(), db, caf::infinite, remote_acquire{"main", how})
    .receive([](const remote_grant&) {}, [](const caf::error&) {});
  post_to(db, remote_close{});
  std::lock_guard guard{node.to->mutex};
  REQUIRE(node.to->executes.size() == 1);
  REQUIRE(node.to->acquires.size() == 1);
  for (auto* got : {&node.to->executes[0].how, &node.to->acquires[0].how}) {
    check_remote(*got);
    check_time(got->wait_until, began + 50s);
    check_time(got->deadline, began + 60s);
    CHECK(got->only_if_free);
  }
}

TEST_CASE("what a remote caller calls itself forges no line of a log",
          "[security-S14]") {
  recording_node node;
  auto db = remote_client::connect(node.client_options()).value();
  auto how = acquire_options{};
  how.label
    = "a\nb\x1b[2Jc\x7f"
      "0123456789012345678901234567890123456789"
      "0123456789012345678901234567890123456789";
  check_echo(db.run("main", odd_bytes, how));
  std::lock_guard guard{node.to->mutex};
  REQUIRE(node.to->executes.size() == 1);
  auto& holder = node.to->executes[0].how.holder;
  CHECK_THAT(holder, StartsWith("remote user test: a?b?[2Jc?0123"));
  CHECK(holder.size() == std::string{"remote user test: "}.size() + 64);
}
