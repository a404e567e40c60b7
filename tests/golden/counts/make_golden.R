# Golden tables of tests/longitudinal/counts: lme4, glmmTMB, and dense sums.
# Run in this folder: Rscript make_golden.R
# Needs lme4, glmmTMB, numDeriv; the versions used are in versions.csv.
# The counts are simulated. Written with 17 significant digits.
#
# method "laplace" and "agq25" are the packages' own (the standard errors of lme4
# with laplace come from differences of a criterion that is itself iterated: three
# digits); "dense" integrates the
# random effects by plain trapezoid sums over 81 points within 8 standard
# deviations of their mode, written here apart from Longate.

suppressMessages({library(lme4); library(glmmTMB)})
set.seed(20260)

# Data ------------------------------------------------------------------------

cohort <- function(n, base, patient, sample, lost = NULL, effect = 0.5) {
  frame <- expand.grid(visit = c("m00", "m06", "m12"),
                       patient = sprintf("P%02d", 1:12))
  frame$label <- ifelse(as.integer(frame$patient) <= 5, "responder", "non-responder")
  late <- as.integer(frame$visit) - 1
  eta <- base + 0.1 * late + effect * late / 2 * (frame$label == "responder") +
    rnorm(12, 0, patient)[frame$patient] + rnorm(36, 0, sample)
  frame$n <- round(exp(runif(36, log(n[1]), log(n[2]))))
  frame$k <- rbinom(36, frame$n, plogis(eta))
  frame$n_beads <- round(runif(36, 800, 6000))
  frame$blood_ul <- 50
  frame$beads_per_tube <- rep(c(48500, 51200, 50100), 12)
  frame$dilution <- 1
  # Absolute counts, in the microlitres of blood that the beads tell.
  frame$cells <- rnbinom(36, size = 1 / (sample^2 + 0.02), mu = exp(eta + 6) *
    frame$n_beads * frame$blood_ul / frame$beads_per_tube)
  if (!is.null(lost)) frame <- frame[-lost, ]
  frame
}
cases <- list(
  balanced = cohort(c(900, 5000), -1.2, 0.5, 0.3),
  dropout = cohort(c(300, 3000), -1.8, 0.6, 0.35, lost = c(3, 9, 14, 15, 21, 36)),
  overdispersed = cohort(c(60, 800), -2.6, 0.7, 0.8, effect = 1.2),
  small = cohort(c(20, 90), -2.4, 0.6, 0.4, effect = 1))

exact <- function(frame, path) {
  for (name in names(frame)) {
    if (is.double(frame[[name]])) {
      frame[[name]] <- trimws(formatC(frame[[name]], digits = 17, format = "g"))
    }
  }
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
}
exact(do.call(rbind, lapply(names(cases), function(case)
  cbind(case = case, cases[[case]]))), "values.csv")

# Packages --------------------------------------------------------------------

tight <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10,
                      optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6))
tmb <- glmmTMBControl(optCtrl = list(iter.max = 1e4, eval.max = 1e4,
                                     rel.tol = 1e-14, x.tol = 1e-12))
rows <- list()
keep <- function(case, model, method, package, names, estimate, se, logLik, spread) {
  rows[[length(rows) + 1]] <<- data.frame(
    case = case, model = model, method = method, package = package,
    term = c(names, names(spread)), estimate = c(estimate, unlist(spread)),
    se = c(se, rep(NA, length(spread))), logLik = logLik)
}

# Dense sums ------------------------------------------------------------------

grid <- seq(-8, 8, length.out = 81)

# Mode of f and the width of the normal curve there, for many f at once: f takes
# a vector z and works element by element.
climb <- function(f, z) {
  step <- 1e-4
  for (turn in 1:60) {
    up <- f(z + step); at <- f(z); down <- f(z - step)
    d2 <- (up - 2 * at + down) / step^2
    move <- (up - down) / (2 * step) / pmax(-d2, 1)
    z <- z + pmin(pmax(move, -1), 1)
    if (max(abs(move)) < 1e-3) break
  }
  list(mode = z, width = 1 / sqrt(pmax(-d2, 1e-2)))
}

# Log of the integral over z of exp(f(z)) dnorm(z), for many f at once.
integrate <- function(f, n) {
  g <- function(z) f(z) + dnorm(z, log = TRUE)
  at <- climb(g, rep(0, n))
  values <- matrix(sapply(grid, function(x) g(at$mode + at$width * x)), nrow = n)
  top <- apply(values, 1, max)
  top + log(rowSums(exp(values - top))) + log(at$width * (grid[2] - grid[1]))
}

# own(theta) gives the log density of observation `at` at eta, element by element.
dense <- function(frame, X, offset, own, spread_start, spread_names, beta_start) {
  patient <- as.integer(droplevels(frame$patient))
  members <- split(seq_along(patient), patient)
  p <- ncol(X)
  loglik <- function(theta) {
    eta <- as.vector(X %*% theta[1:p]) + offset
    s <- exp(theta[p + 1])
    density <- own(theta[-(1:(p + 1))])
    each <- function(z)
      as.vector(rowsum(density(seq_along(patient), eta + s * z[patient]), patient))
    sum(integrate(each, length(members)))
  }
  fit <- nlminb(c(beta_start, spread_start), function(theta) -loglik(theta),
                control = list(rel.tol = 1e-13, x.tol = 1e-9, iter.max = 500,
                               eval.max = 2000))
  H <- numDeriv::hessian(function(theta) -loglik(theta), fit$par)
  spread <- as.list(exp(fit$par[-(1:p)]))
  names(spread) <- spread_names
  list(estimate = fit$par[1:p], se = sqrt(diag(solve(H)))[1:p],
       logLik = -fit$objective, spread = spread)
}

for (case in names(cases)) {
  frame <- cases[[case]]
  frame$patient <- factor(frame$patient)
  frame$label <- factor(frame$label, c("non-responder", "responder"))
  frame$row <- factor(seq_len(nrow(frame)))
  frame$offset <- with(frame, log(n_beads * blood_ul / (beads_per_tube * dilution)))
  X <- model.matrix(~ visit * label, frame)
  terms <- colnames(X)
  k <- frame$k; n <- frame$n
  none <- rep(0, nrow(frame))

  fit <- glmer(cbind(k, n - k) ~ visit * label + (1 | patient), frame, binomial,
               nAGQ = 25, control = tight)
  full <- update(fit, nAGQ = 1)
  keep(case, "binomial of patients", "laplace", "lme4", terms, fixef(full),
       sqrt(diag(as.matrix(vcov(full)))), as.numeric(logLik(full)),
       list(sd_patient = unname(getME(full, "theta"))))
  keep(case, "binomial of patients", "agq25", "lme4", terms, fixef(fit),
       sqrt(diag(as.matrix(vcov(fit)))), NA, list(sd_patient = unname(getME(fit, "theta"))))
  other <- glmmTMB(cbind(k, n - k) ~ visit * label + (1 | patient), frame,
                   family = binomial, control = tmb)
  keep(case, "binomial of patients", "laplace", "glmmTMB", terms, fixef(other)$cond,
       sqrt(diag(vcov(other)$cond)), as.numeric(logLik(other)),
       list(sd_patient = sqrt(VarCorr(other)$cond$patient[1])))
  d <- dense(frame, X, none, function(own) function(at, eta)
    dbinom(k[at], n[at], plogis(eta), log = TRUE),
    log(getME(fit, "theta")), "sd_patient", fixef(fit))
  keep(case, "binomial of patients", "dense", "R", terms, d$estimate, d$se, d$logLik, d$spread)

  fit <- glmer(cbind(k, n - k) ~ visit * label + (1 | patient) + (1 | row), frame,
               binomial, control = tight)
  theta <- sqrt(c(VarCorr(fit)$patient[1], VarCorr(fit)$row[1]))
  keep(case, "binomial", "laplace", "lme4", terms, fixef(fit),
       sqrt(diag(as.matrix(vcov(fit)))), as.numeric(logLik(fit)),
       list(sd_patient = theta[1], sd_sample = theta[2]))
  fit <- glmmTMB(cbind(k, n - k) ~ visit * label + (1 | patient) + (1 | row), frame,
                 family = binomial, control = tmb)
  theta <- sqrt(c(VarCorr(fit)$cond$patient[1], VarCorr(fit)$cond$row[1]))
  keep(case, "binomial", "laplace", "glmmTMB", terms, fixef(fit)$cond,
       sqrt(diag(vcov(fit)$cond)), as.numeric(logLik(fit)),
       list(sd_patient = theta[1], sd_sample = theta[2]))
  d <- dense(frame, X, none, function(own) function(at, eta)
    integrate(function(v) dbinom(k[at], n[at], plogis(eta + exp(own) * v), log = TRUE),
              length(at)),
    log(pmax(theta, 0.05)), c("sd_patient", "sd_sample"), fixef(fit)$cond)
  keep(case, "binomial", "dense", "R", terms, d$estimate, d$se, d$logLik, d$spread)

  fit <- glmmTMB(cbind(k, n - k) ~ visit * label + (1 | patient), frame,
                 family = betabinomial, control = tmb)
  theta <- c(sqrt(VarCorr(fit)$cond$patient[1]), sigma(fit))
  keep(case, "beta-binomial", "laplace", "glmmTMB", terms, fixef(fit)$cond,
       sqrt(diag(vcov(fit)$cond)), as.numeric(logLik(fit)),
       list(sd_patient = theta[1], precision = theta[2]))
  d <- dense(frame, X, none, function(own) function(at, eta) {
      a <- plogis(eta) * exp(own); b <- exp(own) - a
      lchoose(n[at], k[at]) + lbeta(k[at] + a, n[at] - k[at] + b) - lbeta(a, b)
    }, log(pmax(theta, 0.05)), c("sd_patient", "precision"), fixef(fit)$cond)
  keep(case, "beta-binomial", "dense", "R", terms, d$estimate, d$se, d$logLik, d$spread)

  fit <- glmmTMB(cells ~ visit * label + offset(offset) + (1 | patient), frame,
                 family = nbinom2, control = tmb)
  theta <- c(sqrt(VarCorr(fit)$cond$patient[1]), sigma(fit))
  keep(case, "negative binomial", "laplace", "glmmTMB", terms, fixef(fit)$cond,
       sqrt(diag(vcov(fit)$cond)), as.numeric(logLik(fit)),
       list(sd_patient = theta[1], size = theta[2]))
  d <- dense(frame, X, frame$offset, function(own) function(at, eta)
    dnbinom(frame$cells[at], mu = exp(eta), size = exp(own), log = TRUE),
    log(pmax(theta, 0.05)), c("sd_patient", "size"), fixef(fit)$cond)
  keep(case, "negative binomial", "dense", "R", terms, d$estimate, d$se, d$logLik, d$spread)
  cat(case, "done\n")
}
exact(do.call(rbind, rows), "fits.csv")
packages <- c("lme4", "glmmTMB", "TMB", "numDeriv")
write.csv(data.frame(name = c("R", packages),
                     version = c(paste(R.version$major, R.version$minor, sep = "."),
                                 sapply(packages, function(p) as.character(packageVersion(p))))),
          "versions.csv", row.names = FALSE, quote = FALSE)
