// What becomes of a database whose files are taken away from under it.

#include "sqlite_support.hpp"

#include <sys/fsuid.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

using namespace caf_pool;
using namespace caf_pool::test;

namespace fs = std::filesystem;

namespace {

/// A way to take the files away.
struct theft {
  const char* name;
  std::function<void(const fs::path& db)> commit;
  /// Part of what the error says.
  const char* said;
  /// Also without a write-ahead log.
  bool needs_log = false;
};

void copy_to(const fs::path& from, const fs::path& to) {
  fs::copy_file(from, to, fs::copy_options::overwrite_existing);
}

fs::path log_of(const fs::path& db) {
  return db.string() + "-wal";
}

const std::vector<theft>& thefts() {
  static const std::vector<theft> all{
    {"deleted", [](auto& db) { fs::remove(db); }, "moved or deleted"},
    {"renamed", [](auto& db) { fs::rename(db, db.string() + ".old"); },
     "moved or deleted"},
    {"replaced by a copy",
     [](auto& db) {
       auto copy = db.string() + ".copy";
       copy_to(db, copy);
       fs::rename(copy, db);
     },
     "was replaced"},
    {"deleted and made anew",
     [](auto& db) {
       fs::remove(db);
       std::ofstream{db} << "";
     },
     "was replaced"},
    {"moved, with a link in its place",
     [](auto& db) {
       auto place = db.string() + ".old";
       fs::rename(db, place);
       fs::create_symlink(place, db);
     },
     "was replaced"},
    {"in a folder that was moved",
     [](auto& db) {
       fs::rename(db.parent_path(), db.parent_path().string() + ".old");
     },
     "moved or deleted"},
    {"emptied", [](auto& db) { fs::resize_file(db, 0); }, "was emptied"},
    {"without its log", [](auto& db) { fs::remove(log_of(db)); },
     "the write-ahead log", true},
    {"without its index", [](auto& db) { fs::remove(db.string() + "-shm"); },
     "the write-ahead log", true},
    {"with another log",
     [](auto& db) {
       auto copy = log_of(db).string() + ".copy";
       copy_to(log_of(db), copy);
       fs::rename(copy, log_of(db));
     },
     "the write-ahead log", true},
  };
  return all;
}

/// A database in a folder of its own, which may be moved.
struct scene {
  temp_folder top;
  fs::path path;
  backend_ptr server;

  explicit scene(bool wal) {
    fs::create_directory(top.file("db"));
    path = top.file("db/a.db");
    auto config = sqlite_config(path);
    config.options["wal"] = wal ? "true" : "false";
    server = make_sqlite(config).value();
    auto conn = open(*server);
    run(*conn, "CREATE TABLE t (x)");
  }
};

void refuses(connection& conn, const sql_statement& what, const theft& how) {
  auto why = failure_of(conn, what);
  INFO(to_string(why));
  CHECK(why.code == errc::connection_lost);
  CHECK_THAT(why.message, ContainsSubstring(how.said));
  CHECK_THAT(why.message, ContainsSubstring("nothing was executed"));
  CHECK(conn.state() == trace::broken);
}

/// Takes root's rights on files away from this thread.
class no_privileges {
public:
  no_privileges() {
    if (::geteuid() == 0)
      ::setfsuid(nobody);
  }

  ~no_privileges() {
    if (::geteuid() == 0)
      ::setfsuid(0);
  }

  no_privileges(const no_privileges&) = delete;
  no_privileges& operator=(const no_privileges&) = delete;

private:
  static constexpr uid_t nobody = 65534;
};

template <class F>
void for_each_theft(F f) {
  for (auto wal : {true, false})
    for (auto& how : thefts()) {
      if (how.needs_log && !wal)
        continue;
      INFO(how.name << (wal ? ", with" : ", without") << " a log");
      scene x{wal};
      f(x, how);
    }
}

} // namespace

TEST_CASE("no write is acknowledged once the file was taken away", "[sqlite]") {
  for_each_theft([](scene& x, const theft& how) {
    auto conn = open(*x.server);
    run(*conn, "INSERT INTO t VALUES (1)");
    how.commit(x.path);
    refuses(*conn, "INSERT INTO t VALUES (2)", how);
    CHECK_FALSE(conn->probe(soon()));
    conn->close(soon());
  });
}

TEST_CASE("no transaction begins or commits once the file was taken away",
          "[sqlite]") {
  for_each_theft([](scene& x, const theft& how) {
    auto conn = open(*x.server);
    run(*conn, "BEGIN");
    run(*conn, "INSERT INTO t VALUES (1)");
    how.commit(x.path);
    refuses(*conn, "COMMIT", how);
  });
  for_each_theft([](scene& x, const theft& how) {
    auto conn = open(*x.server);
    how.commit(x.path);
    refuses(*conn, "BEGIN", how);
  });
}

TEST_CASE("a file that is attached is watched as well", "[sqlite]") {
  auto in_memory = GENERATE(true, false);
  for_each_theft([&](scene& x, const theft& how) {
    // Who opens a database in memory attaches others in memory, too, unless he
    // says that it is a file.
    auto name
      = in_memory ? "file:" + x.path.string() + "?vfs=unix" : x.path.string();
    auto attach = "ATTACH '" + name + "' AS other";
    auto config = sqlite_config(in_memory ? ":memory:" : x.top.file("main.db"));
    config.options["attach"] = "true";
    auto connect = [&] { return open(*make_sqlite(config).value()); };
    auto late = connect();
    run(*late, attach);
    auto by_statement = connect();
    run(*by_statement, attach);
    auto by_handle = connect();
    auto* handle = static_cast<sqlite3*>(by_handle->native_handle());
    REQUIRE(sqlite3_exec(handle, attach.c_str(), nullptr, nullptr, nullptr)
            == SQLITE_OK);
    config.options["init"] = attach;
    auto by_init = connect();
    for (auto* conn : {&late, &by_statement, &by_handle, &by_init})
      run(**conn, "INSERT INTO other.t VALUES (1)");
    run(*late, "DETACH other");
    how.commit(x.path);
    for (auto* conn : {&by_statement, &by_handle, &by_init})
      refuses(**conn, "INSERT INTO other.t VALUES (2)", how);
    // What is not attached any more is nobody's business.
    run(*late, "CREATE TABLE mine (x)");
  });
}

TEST_CASE("an attached database in memory is nothing to watch", "[sqlite]") {
  auto config = sqlite_config(":memory:");
  config.options["attach"] = "true";
  auto conn = open(*make_sqlite(config).value());
  for (auto* name :
       {"", ":memory:", "file:/shared?vfs=memdb", "file:x?mode=memory"}) {
    INFO(name);
    run(*conn, sql_statement{"ATTACH ? AS other", {std::string{name}}});
    run(*conn, "CREATE TABLE other.t (x)");
    run(*conn, "INSERT INTO other.t VALUES (1)");
    run(*conn, "DETACH other");
  }
}

TEST_CASE("what reads notices soon that the file was taken away", "[sqlite]") {
  scene x{true};
  auto conn = open(*x.server);
  run(*conn, "SELECT * FROM t");
  fs::remove(x.path);
  auto code = errc::none;
  CHECK(eventually([&] {
    auto rows = conn->execute("SELECT * FROM t", soon());
    code = rows ? errc::none : rows.error().code;
    return !rows;
  }));
  CHECK(code == errc::connection_lost);
}

TEST_CASE("a new file is not read through the log of the old one", "[sqlite]") {
  scene x{true};
  auto backup = x.top.file("db/backup.db");
  {
    auto other = open(*make_sqlite_at(backup));
    run(*other, "CREATE TABLE t (x)");
    run(*other, "INSERT INTO t VALUES (77)");
  }
  auto conn = open(*x.server);
  run(*conn, "INSERT INTO t VALUES (1)");
  fs::rename(backup, x.path);
  auto why = failure_of(*conn, "INSERT INTO t VALUES (2)");
  INFO(to_string(why));
  CHECK_THAT(why.message, ContainsSubstring("-wal"));
  CHECK_THAT(why.message, ContainsSubstring("the file that was there before"));
  auto early = x.server->open(soon());
  REQUIRE_FALSE(early);
  CHECK(early.error().code == errc::open_failed);
  CHECK_THAT(early.error().message, ContainsSubstring("-wal"));
  conn->close(soon());
  early = x.server->open(soon());
  REQUIRE_FALSE(early);
  CHECK(early.error().code == errc::open_failed);
  for (auto* end : {"-wal", "-shm"})
    fs::remove(x.path.string() + end);
  auto fresh = open(*x.server);
  CHECK(value_of<int>(*fresh, "SELECT sum(x) FROM t") == 77);
}

TEST_CASE("whoever closes late does not take the log of the new file away",
          "[sqlite]") {
  scene x{true};
  auto late = open(*x.server);
  run(*late, "INSERT INTO t VALUES (1)");
  for (auto* end : {"", "-wal", "-shm"})
    fs::remove(x.path.string() + end);
  auto other = make_sqlite_at(x.path);
  auto conn = open(*other);
  run(*conn, "CREATE TABLE t (x)");
  run(*conn, "INSERT INTO t VALUES (2)");
  late->close(soon());
  late = nullptr;
  CHECK(fs::exists(log_of(x.path)));
  run(*conn, "INSERT INTO t VALUES (3)");
  CHECK(value_of<int>(*open(*other), "SELECT count(*) FROM t") == 2);
}

TEST_CASE("a link to the database that leads elsewhere is noticed",
          "[sqlite]") {
  temp_folder folder;
  for (auto* name : {"one.db", "two.db"})
    run(*open(*make_sqlite_at(folder.file(name))), "CREATE TABLE t (x)");
  auto link = folder.file("link.db");
  fs::create_symlink(folder.file("one.db"), link);
  auto server = make_sqlite_at(link);
  auto conn = open(*server);
  run(*conn, "INSERT INTO t VALUES (1)");
  fs::remove(link);
  fs::create_symlink(folder.file("two.db"), link);
  auto why = failure_of(*conn, "INSERT INTO t VALUES (2)");
  CHECK(why.code == errc::connection_lost);
  CHECK_THAT(why.message, ContainsSubstring("leads to another file"));
  conn = open(*server);
  CHECK(value_of<int>(*conn, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("what SQLite itself does with its files is not taken for theft",
          "[sqlite]") {
  scene x{true};
  auto conn = open(*x.server);
  for (auto* sql :
       {"PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM",
        "PRAGMA journal_mode=DELETE", "PRAGMA journal_mode=WAL",
        "PRAGMA wal_checkpoint(TRUNCATE)", "DELETE FROM t", "VACUUM"}) {
    INFO(sql);
    run(*conn, sql);
    run(*conn, "INSERT INTO t VALUES (1)");
    run(*conn, "BEGIN");
    run(*conn, "INSERT INTO t VALUES (2)");
    run(*conn, "COMMIT");
    CHECK(conn->probe(soon()));
  }
}

TEST_CASE("a database with a log in a folder for reading only says so",
          "[sqlite]") {
  scene x{true};
  auto folder = x.path.parent_path();
  for (auto* mode : {"create", "write", "read"}) {
    INFO(mode);
    auto config = sqlite_config(x.path);
    config.options["mode"] = mode;
    auto server = make_sqlite(config).value();
    auto read = static_cast<fs::perms>(0444);
    auto enter = static_cast<fs::perms>(0111);
    fs::permissions(x.path, read);
    fs::permissions(folder, read | enter);
    fs::permissions(folder.parent_path(), enter, fs::perm_options::add);
    auto conn = [&] {
      no_privileges here;
      return server->open(soon());
    }();
    fs::permissions(folder, fs::perms::owner_all);
    REQUIRE_FALSE(conn);
    auto& why = conn.error();
    INFO(to_string(why));
    CHECK(why.code == errc::open_refused);
    CHECK_THAT(why.message, ContainsSubstring("write-ahead log"));
    CHECK_THAT(why.message, ContainsSubstring("make the folder writable"));
    CHECK_THAT(why.message, ContainsSubstring(x.path.string() + "-wal"));
  }
}
