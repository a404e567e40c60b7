# Golden tables of tests/longitudinal/mixed: lme4, lmerTest, pbkrtest, nlme.
# Run in this folder: Rscript make_golden.R
# The values are made up, from a seed. Written with 17 significant digits.
suppressMessages({
  library(lme4); library(lmerTest); library(pbkrtest); library(nlme)
})
RNGversion("4.2.0")
set.seed(2012)

exact <- function(frame, path) {
  for (name in names(frame)) {
    if (is.double(frame[[name]])) {
      frame[[name]] <- trimws(formatC(frame[[name]], digits = 17, format = "g"))
    }
  }
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
}

# ---- data ------------------------------------------------------------------
visits <- c("m00", "m06", "m12")
grid <- function(n_responder, n_other) {
  n <- n_responder + n_other
  data.frame(
    patient = rep(sprintf("P%02d", seq_len(n)), each = 3),
    visit = rep(visits, n),
    response = rep(c("responder", "non-responder"), 3 * c(n_responder, n_other)))
}
values <- function(frame, between, within, effect = 1) {
  n <- length(unique(frame$patient))
  at <- match(frame$visit, visits) - 1
  rep(rnorm(n, sd = between), each = 3) + rnorm(nrow(frame), sd = within) +
    0.3 * at + effect * at / 2 * (frame$response == "responder")
}
lost <- function(frame, early, late) {
  gone <- (frame$patient %in% early & frame$visit != "m00") |
    (frame$patient %in% late & frame$visit == "m12")
  frame[!gone, ]
}
covariates <- function(frame) {
  n <- length(unique(frame$patient))
  frame$age <- rep(round(rnorm(n, sd = 8), 1), each = 3)
  frame$batch <- sample(rep(c("B1", "B2", "B3"), length.out = nrow(frame)))
  frame$since_dose <- round(runif(nrow(frame), 70, 95))
  frame
}
balanced <- grid(5, 7)
balanced$y <- round(values(balanced, 1, 0.7), 4)
dropout <- grid(6, 9)
dropout$y <- round(values(dropout, 1, 0.7), 4)
dropout <- lost(dropout, c("P03", "P09"), c("P12"))
singular <- grid(5, 7)
singular$y <- values(singular, 0, 1)
own <- ave(singular$y, singular$patient)
singular$y <- round(singular$y - 0.8 * own, 4)
singular <- lost(singular, "P07", "P02")
large <- grid(5, 7)
large$y <- round(2500 + values(large, 400, 3, effect = 4), 3)
large <- lost(large, "P04", c("P08", "P11"))
covariate <- covariates(grid(6, 8))
covariate$y <- round(values(covariate, 1, 0.6) + 0.04 * covariate$age, 4)
covariate <- lost(covariate, "P05", "P10")
logit <- grid(5, 7)
n_parent <- round(exp(rnorm(nrow(logit), 7, 0.6)))
k <- rbinom(nrow(logit), n_parent, plogis(values(logit, 0.6, 0.5) - 2))
logit$y <- log((k + 0.5) / (n_parent - k + 0.5))
logit <- lost(logit, "P12", "P06")
log_count <- grid(6, 7)
log_count$y <- log(rnbinom(nrow(log_count), size = 8,
                           mu = exp(5 + values(log_count, 0.5, 0.1))))
log_count <- lost(log_count, "P02", "P13")
unequal <- grid(6, 8)
unequal$y <- values(unequal, 1, 0.5)
unequal$y <- round(unequal$y * c(1, 1.5, 2.5)[match(unequal$visit, visits)], 4)
unequal <- lost(unequal, c("P08"), c("P01", "P11"))

cases <- list(
  balanced = list(balanced, y ~ visit * response),
  dropout = list(dropout, y ~ visit * response),
  singular = list(singular, y ~ visit * response),
  large = list(large, y ~ visit * response),
  batch = list(covariate, y ~ visit * response + batch),
  covariate = list(covariate, y ~ visit * response + visit * age + since_dose),
  logit = list(logit, y ~ visit * response),
  log_count = list(log_count, y ~ visit * response),
  unequal = list(unequal, y ~ visit * response))
prepared <- function(frame) {
  frame$visit <- factor(frame$visit, visits)
  frame$response <- factor(frame$response, c("non-responder", "responder"))
  if (!is.null(frame$batch)) frame$batch <- factor(frame$batch)
  frame
}

# ---- names as in Longate ---------------------------------------------------
term_names <- function(names) {
  names <- sub("^\\(Intercept\\)$", "intercept", names)
  names <- gsub("(visit)(m[0-9]+)", "\\1[\\2]", names)
  names <- gsub("response(responder)", "response[\\1]", names)
  gsub("(batch)(B[0-9])", "\\1[\\2]", names)
}
# Type III: zero in sum-to-zero coding, written in the treatment coding.
hypotheses <- function(formula, frame) {
  x <- model.matrix(formula, frame)
  coding <- list()
  for (name in names(frame)) {
    if (is.factor(frame[[name]]) && name %in% all.vars(formula)) {
      coding[[name]] <- "contr.sum"
    }
  }
  s <- model.matrix(formula, frame, contrasts.arg = coding)
  back <- solve(solve(crossprod(x), crossprod(x, s)))
  terms <- attr(terms(formula), "term.labels")
  lapply(setNames(seq_along(terms), terms), function(at) {
    rows <- back[attr(x, "assign") == at, , drop = FALSE]
    rows[abs(rows) < 1e-12] <- 0
    rows
  })
}
difference <- function(names) as.numeric(names == "visitm12:responseresponder")

# ---- random intercept ------------------------------------------------------
tight <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5),
  calc.derivs = FALSE, check.conv.singular = "ignore")
fit_intercept <- function(formula, frame) {
  full <- update(formula, . ~ . + (1 | patient))
  environment(full) <- environment()
  # pbkrtest solves with an absolute tolerance: values of unit size.
  lmerTest::lmer(full, frame, REML = TRUE, control = tight)
}
ci <- function(estimate, se, df) {
  half <- qt(0.975, df) * se
  list(low = estimate - half, high = estimate + half)
}
coefficients <- joints <- variances <- unstructured <- unstructured_joint <-
  covariances <- list()
for (case in names(cases)) {
  frame <- prepared(cases[[case]][[1]])
  formula <- cases[[case]][[2]]
  unit <- if (case == "large") 100 else 1
  shift <- if (case == "large") 2500 else 0
  frame$y <- (frame$y - shift) / unit
  fitted <- fit_intercept(formula, frame)
  b <- fixef(fitted)
  p <- length(b)
  units <- function(x) x * unit
  adjusted <- as.matrix(vcovAdj(fitted))
  plain <- as.matrix(vcov(fitted))
  for (at in seq_len(p)) {
    l <- as.numeric(seq_len(p) == at)
    for (method in c("kenward-roger", "satterthwaite")) {
      kr <- method == "kenward-roger"
      se <- sqrt((if (kr) adjusted else plain)[at, at])
      df <- if (kr) Lb_ddf(l, plain, vcovAdj(fitted)) else
        contest1D(fitted, l, ddf = "Satterthwaite")$df
      t <- b[[at]] / se
      shown <- b[[at]] * unit + (if (at == 1) shift else 0)
      if (at == 1) t <- shown / (se * unit)
      ends <- ci(shown, se * unit, df)
      coefficients[[length(coefficients) + 1]] <- data.frame(
        case = case, method = method, term = term_names(names(b)[at]),
        estimate = shown, se = se * unit, df = df, t = t,
        p = 2 * pt(-abs(t), df), low = ends$low, high = ends$high)
    }
  }
  for (term in names(rows <- hypotheses(formula, frame))) {
    found <- KRmodcomp(fitted, rows[[term]])$test["Ftest", ]
    joints[[length(joints) + 1]] <- data.frame(
      case = case, method = "kenward-roger", term = term, F = found$stat,
      df1 = found$ndf, df2 = found$ddf, p = found$p.value,
      scale = found$F.scaling)
    # Satterthwaite's denominator depends on the rows: differences from the first
    # level, as anova() of lmerTest takes them (show_tests; see make_rows.R).
    at <- attr(model.matrix(formula, frame), "assign") == match(term, names(rows))
    own <- solve(rows[[term]][, at], rows[[term]])
    found <- contestMD(fitted, own, ddf = "Satterthwaite")
    joints[[length(joints) + 1]] <- data.frame(
      case = case, method = "satterthwaite", term = term, F = found$`F value`,
      df1 = found$NumDF, df2 = found$DenDF, p = found$`Pr(>F)`, scale = 1)
  }
  parts <- as.data.frame(VarCorr(fitted))$vcov
  n <- nrow(frame)
  variances[[length(variances) + 1]] <- data.frame(
    case = case, patient = parts[1] * unit^2, residual = parts[2] * unit^2,
    deviance = as.numeric(-2 * logLik(fitted)) + 2 * (n - p) * log(unit))

  # ---- unstructured: nlme::gls, then the matrices of pbkrtest --------------
  frame$at <- as.integer(frame$visit)
  # The environment of the formula is looked at by gls.
  general <- eval(bquote(gls(
    .(formula), frame, method = "REML",
    correlation = corSymm(form = ~ at | patient),
    weights = varIdent(form = ~ 1 | visit),
    control = glsControl(opt = "optim", maxIter = 500, msMaxIter = 5000,
                         tolerance = 1e-12, msTol = 1e-14))))
  x <- model.matrix(formula, frame)
  k <- length(visits)
  pick <- list()
  for (i in seq_len(k)) for (j in seq_len(i)) pick[[length(pick) + 1]] <- c(i, j)
  same <- outer(frame$patient, frame$patient, "==")
  g <- lapply(pick, function(ij) {
    one <- outer(frame$at, frame$at, function(a, b) {
      (a == ij[1] & b == ij[2]) | (a == ij[2] & b == ij[1])
    })
    Matrix(1 * (one & same), sparse = TRUE)
  })
  deviance_of <- function(s) {
    v <- s[cbind(rep(frame$at, n), rep(frame$at, each = n))] * same
    w <- solve(v)
    a <- crossprod(x, w %*% x)
    e <- frame$y - x %*% solve(a, crossprod(x, w %*% frame$y))
    as.numeric(determinant(v)$modulus + determinant(a)$modulus +
                 crossprod(e, w %*% e) + (n - p) * log(2 * pi))
  }
  # gls stops at about 1e-5: go on from there with many digits.
  ratio <- coef(general$modelStruct$varStruct, unconstrained = FALSE,
                allCoef = TRUE)[visits]
  correlation <- matrix(1, k, k)
  rho <- coef(general$modelStruct$corStruct, unconstrained = FALSE)
  correlation[lower.tri(correlation)] <- rho
  correlation[upper.tri(correlation)] <- t(correlation)[upper.tri(correlation)]
  sd <- general$sigma * ratio
  by_gls <- correlation * outer(sd, sd)
  # Newton steps in the variances and covariances, with dense matrices.
  dense <- lapply(g, as.matrix)
  element <- vapply(pick, function(ij) by_gls[ij[1], ij[2]], 0)
  for (turn in 1:8) {
    v <- Reduce(`+`, Map(`*`, dense, element))
    w <- solve(v)
    wx <- w %*% x
    project <- w - wx %*% solve(crossprod(x, wx), t(wx))
    py <- drop(project %*% frame$y)
    pg <- lapply(dense, function(one) project %*% one)
    slope <- vapply(dense, function(one) sum(project * one) -
                      sum(py * (one %*% py)), 0)
    bend <- outer(seq_along(g), seq_along(g), Vectorize(function(r, q) {
      2 * sum((dense[[r]] %*% py) * (pg[[q]] %*% py)) -
        sum(pg[[r]] * t(pg[[q]]))
    }))
    element <- element - solve(bend, slope)
  }
  sigma <- matrix(0, k, k)
  for (at in seq_along(pick)) {
    sigma[rbind(pick[[at]], rev(pick[[at]]))] <- element[at]
  }
  stopifnot(max(abs(sigma / by_gls - 1)) < 1e-3)
  v <- Matrix(sigma[cbind(rep(frame$at, n), rep(frame$at, each = n))] * same,
              sparse = TRUE)
  w <- solve(v)
  phi <- solve(as.matrix(crossprod(x, w %*% x)))
  b <- drop(phi %*% as.matrix(crossprod(x, w %*% frame$y)))
  names(b) <- colnames(x)
  # V is linear in S of root S root' too, where its information is well
  # conditioned.
  root <- t(chol(sigma))
  g <- lapply(pick, function(ij) {
    one <- matrix(0, k, k)
    one[rbind(ij, rev(ij))] <- 1
    one <- root %*% one %*% t(root)
    Matrix(one[cbind(rep(frame$at, n), rep(frame$at, each = n))] * same,
           sparse = TRUE)
  })
  adjusted <- pbkrtest:::vcovAdj_internal(
    Matrix(phi), list(Sigma = v, G = g, n.ggamma = length(g)), x)
  for (at in seq_len(p)) {
    l <- as.numeric(seq_len(p) == at)
    df <- Lb_ddf(l, phi, adjusted)
    se <- sqrt(adjusted[at, at]) * unit
    shown <- b[[at]] * unit + (if (at == 1) shift else 0)
    t <- shown / se
    ends <- ci(shown, se, df)
    unstructured[[length(unstructured) + 1]] <- data.frame(
      case = case, term = term_names(names(b)[at]), estimate = shown, se = se,
      df = df, t = t, p = 2 * pt(-abs(t), df), low = ends$low, high = ends$high,
      estimate_gls = coef(general)[[at]] * unit + (if (at == 1) shift else 0),
      se_unadjusted_gls = sqrt(vcov(general)[at, at]) * unit,
      se_unadjusted = sqrt(phi[at, at]) * unit)
  }
  for (term in names(rows)) {
    found <- pbkrtest:::.KR_adjust(adjusted, Matrix(phi), rows[[term]], b, 0)
    unstructured_joint[[length(unstructured_joint) + 1]] <- data.frame(
      case = case, term = term, F = c(found$Fstat), df1 = found$ndf,
      df2 = found$ddf, p = c(found$p.value), scale = found$F.scaling)
  }
  for (ij in pick) {
    covariances[[length(covariances) + 1]] <- data.frame(
      case = case, visit = visits[ij[1]], other = visits[ij[2]],
      covariance = sigma[ij[1], ij[2]] * unit^2,
      covariance_gls = by_gls[ij[1], ij[2]] * unit^2,
      deviance = deviance_of(sigma) + 2 * (n - p) * log(unit),
      deviance_gls = as.numeric(-2 * logLik(general)) + 2 * (n - p) * log(unit))
  }
}
together <- function(parts) do.call(rbind, parts)
exact(together(coefficients), "coefficients.csv")
exact(together(joints), "joint.csv")
exact(together(variances), "variances.csv")
exact(together(unstructured), "unstructured.csv")
exact(together(unstructured_joint), "unstructured_joint.csv")
exact(together(covariances), "unstructured_covariance.csv")
frames <- list(balanced = balanced, dropout = dropout, singular = singular,
               large = large, batch = covariate, covariate = covariate,
               logit = logit, log_count = log_count, unequal = unequal)
exact(together(lapply(names(frames), function(case) {
  one <- frames[[case]]
  for (name in c("age", "since_dose")) {
    if (is.null(one[[name]])) one[[name]] <- NA
  }
  if (is.null(one$batch)) one$batch <- ""
  data.frame(case = case, one[c("patient", "visit", "response", "batch")],
             age = one$age, since_dose = one$since_dose, y = as.double(one$y))
})), "values.csv")
formulas <- vapply(cases, function(one) deparse(one[[2]]), "")
exact(data.frame(case = names(cases), formula = formulas), "formulas.csv")
used <- c("lme4", "lmerTest", "pbkrtest", "nlme", "Matrix")
exact(data.frame(package = c("R", used),
                 version = c(as.character(getRversion()),
                             vapply(used, function(one) {
                               as.character(packageVersion(one))
                             }, ""))), "versions.csv")
