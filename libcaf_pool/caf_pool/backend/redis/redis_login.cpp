#include "caf_pool/backend/redis/redis_login.hpp"

#include "caf_pool/backend/redis/redis_compat.hpp"
#include "caf_pool/backend/redis/redis_reply_class.hpp"
#include "caf_pool/core/redis_reading.hpp"
#include "caf_pool/core/version.hpp"
#include "caf_pool/net/bell.hpp"

#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

int protocol_of(const redis_options& options) {
  if (options.protocol == redis_protocol::automatic)
    return redis_reads_resp3 ? 3 : 2;
  return options.protocol == redis_protocol::resp3 ? 3 : 2;
}

redis_command authentication(const redis_options& options) {
  auto result = redis_command{"AUTH"};
  if (!options.user.empty())
    result.add(std::string_view{options.user});
  result.add(std::string_view{options.password.reveal()});
  return result;
}

/// Does the same as `redis_set_up` for servers without HELLO.
std::vector<redis_command> old_set_up(const redis_options& options) {
  std::vector<redis_command> result;
  if (!options.password.empty())
    result.push_back(authentication(options));
  result.push_back(redis_command{"SELECT", options.database});
  result.push_back(redis_command{"CLIENT", "SETNAME", options.client_name});
  return result;
}

/// Tells whether the login depends on what a command brings: who we are is of
/// no use but to people.
bool is_needed(const redis_command& x) {
  auto name = x.name();
  return name == "HELLO" || name == "AUTH" || name == "SELECT";
}

error refused(const redis_options& options, const redis_command& what,
              const error& why) {
  // Protected mode (DENIED) ends when somebody configures the server.
  auto heals = why.code == errc::server_unready
               || (why.code == errc::connection_lost && why.state != "DENIED");
  auto login = why.code == errc::unauthorized || what.name() != "SELECT";
  auto text = std::string{login ? "the server refuses the login" : ""};
  if (!login)
    text = "the server refuses database " + std::to_string(options.database);
  text += ": " + why.message;
  if (why.code == errc::unauthorized)
    text += options.password.empty()
              ? "; set the pool's password or password_file"
              : "; check user and password";
  return {heals ? errc::open_failed : errc::open_refused, std::move(text),
          why.state};
}

error ended(const redis_options& options, const redis_exchange& x) {
  auto where = options.place();
  switch (x.end) {
    case redis_end::late:
      return {errc::open_timeout,
              "the server at " + where
                + " took the connection, but did not answer in time; it may be "
                  "frozen, paused (CLIENT PAUSE), or expect TLS",
              {}};
    case redis_end::malformed:
      return {errc::open_refused,
              "what listens at " + where + " is no Redis server: " + x.reason,
              {}};
    default:
      return {errc::open_failed,
              "the server at " + where + " ended the connection during the "
                "login: " + x.reason,
              {}};
  }
}

/// TLS 1.3 tells of a certificate that is missing after the handshake.
error turned_away(const redis_exchange& x) {
  return {errc::open_refused, x.reason, {}};
}

/// What the first replies of a server say of it.
class login {
public:
  login(const redis_options& options, redis_channel& channel,
        time_point deadline)
    : options_(options), channel_(channel), deadline_(deadline) {
    // nop
  }

  result<redis_greeting> run() {
    auto home = home_of(options_, protocol_of(options_));
    auto commands = redis_set_up(home);
    // Servers from Redis 7.2 on list who uses them; older ones refuse.
    commands.emplace_back("CLIENT", "SETINFO", "LIB-NAME", home.library_name);
    commands.emplace_back("CLIENT", "SETINFO", "LIB-VER", home.library_version);
    commands.emplace_back("INFO", "persistence");
    auto got = channel_.exchange(commands, deadline_);
    // A server that takes no more clients says so, and hangs up.
    if (!got.replies.empty())
      if (auto why = problem(commands, got.replies); why && !is_old(got))
        return *std::move(why);
    if (channel_.refused())
      return turned_away(got);
    if (got.end != redis_end::answered)
      return ended(options_, got);
    if (is_old(got))
      return run_without_hello();
    if (auto why = loading(got.replies.back()))
      return *std::move(why);
    if (auto greeting = read_greeting(got.replies.front()))
      return *std::move(greeting);
    return error{errc::open_refused,
                 "the server's answer to HELLO makes no sense: "
                   + to_string(got.replies.front()),
                 {}};
  }

private:
  static bool is_old(const redis_exchange& got) {
    auto* why = std::get_if<redis_failure>(&got.replies.front().value);
    return why != nullptr
           && (why->text.starts_with("ERR unknown command")
               || why->text.starts_with("NOPROTO"));
  }

  result<redis_greeting> run_without_hello() {
    auto commands = old_set_up(options_);
    auto got = channel_.exchange(commands, deadline_);
    if (auto why = problem(commands, got.replies))
      return *std::move(why);
    if (got.end != redis_end::answered)
      return ended(options_, got);
    return redis_greeting{};
  }

  std::optional<error> problem(const std::vector<redis_command>& commands,
                               const std::vector<redis_value>& replies) const {
    for (std::size_t i = 0; i < replies.size(); ++i)
      if (auto* why = std::get_if<redis_failure>(&replies[i].value))
        if (is_needed(commands[i]))
          return refused(options_, commands[i], redis_error(why->text));
    return std::nullopt;
  }

  /// A server that reads its data from disk answers logins, but no commands.
  static std::optional<error> loading(const redis_value& info) {
    auto text = info.text();
    if (!text || text->find("\nloading:1") == text->npos)
      return std::nullopt;
    constexpr std::string_view eta = "\nloading_eta_seconds:";
    auto message = std::string{"the server loads its data"};
    if (auto at = text->find(eta); at != text->npos) {
      auto rest = text->substr(at + eta.size());
      message += ", for about "
                 + std::string{rest.substr(0, rest.find_first_of("\r\n"))}
                 + " s more";
    }
    return error{errc::open_failed, std::move(message), "LOADING"};
  }

  const redis_options& options_;
  redis_channel& channel_;
  time_point deadline_;
};

} // namespace

redis_home home_of(const redis_options& options, int protocol) {
  auto result = redis_home{};
  result.database = options.database;
  result.user = options.user;
  result.password = options.password;
  result.client_name = options.client_name;
  result.library_name = "caf_pool";
  result.library_version = version();
  result.protocol = protocol;
  return result;
}

std::optional<redis_greeting> read_greeting(const redis_value& reply) {
  auto fields = reply.as<std::map<std::string, redis_value>>();
  if (!fields || fields->count("id") == 0)
    return std::nullopt;
  auto text = [&](const char* key) {
    return (*fields)[key].as<std::string>().value_or({});
  };
  auto number = [&](const char* key) {
    return (*fields)[key].as<std::int64_t>().value_or(0);
  };
  auto result = redis_greeting{};
  result.id = number("id");
  result.server = text("server");
  result.version = text("version");
  result.role = text("role");
  result.protocol = static_cast<int>(number("proto"));
  return result;
}

result<redis_session> redis_log_in(const redis_options& options,
                                   const std::shared_ptr<tls_context>& tls,
                                   const std::stop_token& called_off,
                                   time_point deadline) {
  auto stop = bell{};
  auto ring = std::stop_callback{called_off, [&] { stop.ring(); }};
  auto stream = deadline_stream::open(options.where, tls, deadline, &stop);
  if (!stream)
    return stream.error();
  auto result = redis_session{};
  result.channel
    = std::make_unique<redis_channel>(*std::move(stream), options.window);
  auto began = clock::now();
  auto greeting = [&] {
    auto cut = std::stop_callback{called_off, [&] { result.channel->abort(); }};
    return login{options, *result.channel, deadline}.run();
  }();
  if (called_off.stop_requested())
    return opening_called_off();
  if (!greeting)
    return greeting.error();
  result.greeting = *std::move(greeting);
  result.round_trip = clock::now() - began;
  // What the login brings is no result of a caller's.
  result.channel->limit_replies(options.max_result_bytes);
  return result;
}

result<void> redis_look(const redis_options& options,
                        const std::shared_ptr<tls_context>& tls,
                        time_point deadline) {
  auto stream = deadline_stream::open(options.where, tls, deadline);
  if (!stream)
    return stream.error();
  redis_channel channel{*std::move(stream), options.window};
  auto ping = redis_command{"PING"};
  auto got = channel.exchange({&ping, 1}, deadline);
  if (got.end == redis_end::late)
    return ended(options, got);
  if (got.end != redis_end::answered)
    return error{errc::connection_lost, std::move(got.reason), {}};
  // That a login is missing says that one is possible.
  if (auto* why = std::get_if<redis_failure>(&got.replies.front().value))
    if (auto meaning = redis_error(why->text);
        meaning.code == errc::server_unready
        || meaning.code == errc::connection_lost)
      return error{errc::connection_lost, meaning.message, meaning.state};
  return {};
}

} // namespace caf_pool
