#include "support/private_pgbouncer.hpp"

#include "support/free_port.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <pwd.h>
#include <stdexcept>

namespace caf_pool::test {

namespace {

namespace fs = std::filesystem;

// Debian's package puts it where only root looks.
const char* program() {
  for (auto path : {"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"})
    if (fs::exists(path))
      return path;
  return nullptr;
}

} // namespace

bool private_pgbouncer::available() {
  return program() != nullptr;
}

private_pgbouncer::private_pgbouncer(const private_postgres& server,
                                     const std::string& mode, int sessions,
                                     const std::string& more)
  : port_(free_port()) {
  auto pattern
    = (fs::temp_directory_path() / "caf_pool_bouncer_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"no folder for PgBouncer"};
  folder_ = pattern;
  std::ofstream{folder_ / "users.txt"} << "\"app\" \"\"\n";
  std::ofstream{folder_ / "pgbouncer.ini"}
    << "[databases]\n"
    << "app = host=" << server.socket_dir() << " port=" << server.port()
    << " dbname=app\n[pgbouncer]\n"
    << "listen_addr = 127.0.0.1\nlisten_port = " << port_
    << "\nunix_socket_dir =\nauth_type = trust\nauth_file = "
    << (folder_ / "users.txt").string() << "\npool_mode = " << mode
    << "\ndefault_pool_size = " << sessions << "\nmax_client_conn = 200\n"
    << more << '\n';
  process_options options;
  options.command = {program(), (folder_ / "pgbouncer.ini").string()};
  // It refuses to run as root, as PostgreSQL does.
  if (::geteuid() == 0) {
    auto* owner = ::getpwnam("postgres");
    if (owner == nullptr)
      throw std::runtime_error{"no user \"postgres\" to run PgBouncer"};
    options.uid = owner->pw_uid;
    options.gid = owner->pw_gid;
    for (auto& path :
         {folder_, folder_ / "users.txt", folder_ / "pgbouncer.ini"})
      if (::chown(path.c_str(), owner->pw_uid, owner->pw_gid) != 0)
        throw std::runtime_error{"PgBouncer's files cannot be given away"};
  }
  process_ = std::make_unique<process>(std::move(options));
  if (!process_->wait_for_text("process up"))
    throw std::runtime_error{"PgBouncer does not start: " + process_->err()};
}

private_pgbouncer::~private_pgbouncer() {
  process_.reset();
  std::error_code ec;
  fs::remove_all(folder_, ec);
}

} // namespace caf_pool::test
