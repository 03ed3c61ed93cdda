// A client process for tests that kill, freeze and cut off clients. Reads
// orders from stdin, a line each, and answers each with one line:
//
//   acquire POOL     lease SQL     db POOL SQL     release     quit
//
// "ok", "ok NUMBER" for results, or "error CODE".

#include "caf_pool/remote/client.hpp"

#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

void answer(const std::string& x) {
  std::cout << x << std::endl;
}

void answer(const error& x) {
  answer("error " + std::string{to_string(x.code)});
}

void answer(const result<sql_result>& x) {
  if (!x)
    answer(x.error());
  else if (x->empty())
    answer(std::string{"ok"});
  else
    answer("ok " + (*x)[0][0].as<std::string>());
}

std::string next_word(std::string& line) {
  auto end = line.find(' ');
  auto word = line.substr(0, end);
  line.erase(0, end == line.npos ? end : end + 1);
  return word;
}

int serve(remote_client& db) {
  std::optional<remote_lease> held;
  answer(std::string{"ready"});
  for (std::string line; std::getline(std::cin, line);) {
    auto order = next_word(line);
    if (order == "acquire") {
      auto lease = db.acquire(line);
      if (lease)
        held = std::move(*lease);
      answer(lease ? error{} : lease.error());
    } else if (order == "lease" && held) {
      answer(held->execute(line));
    } else if (order == "db") {
      auto pool = next_word(line);
      answer(db.execute(pool, line));
    } else if (order == "release") {
      held.reset();
      answer(std::string{"ok"});
    } else {
      return order == "quit" ? 0 : 1;
    }
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 5)
    return 64;
  auto options = remote_options{};
  options.address = argv[1];
  options.principal = argv[2];
  options.token = secret{argv[3]};
  options.limit = 1min;
  options.connect_limit = 1min;
  auto ttl = std::chrono::milliseconds{std::stoi(argv[4])};
  options.link = {ttl / 5, ttl};
  auto db = remote_client::connect(options);
  if (!db) {
    answer(db.error());
    return 1;
  }
  return serve(*db);
}
