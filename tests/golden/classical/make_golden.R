# Golden tables of tests/longitudinal/classical and tests/longitudinal/test_effects.py.
# Run in this folder: Rscript make_golden.R
# R and packages (car, coin, emmeans, pROC): see versions.csv, written below.
# The values are made up. Written with 17 significant digits.

suppressPackageStartupMessages({
  library(car); library(coin); library(emmeans); library(pROC)
})
options(contrasts = c("contr.sum", "contr.poly"))

exact <- function(frame, path) {
  for (name in names(frame)) {
    if (is.double(frame[[name]])) {
      frame[[name]] <- trimws(formatC(frame[[name]], digits = 17, format = "g"))
    }
  }
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
}

versions <- data.frame(
  package = c("R", "car", "coin", "emmeans", "pROC"),
  version = c(as.character(getRversion()),
              sapply(c("car", "coin", "emmeans", "pROC"),
                     function(p) as.character(packageVersion(p)))))
write.csv(versions, "versions.csv", row.names = FALSE, quote = FALSE)

# Patients by visits, with labels; NA where a visit was missed.
cases <- list(
  three_visits = list(
    label = rep(c("responder", "non-responder"), c(5, 7)),
    wide = matrix(c(
      0.71, 0.64, 0.69, 0.58, 0.77, 0.62, 0.66, 0.73, 0.55, 0.68, 0.70, 0.61,
      0.75, 0.70, 0.72, 0.66, 0.78, 0.61, 0.68, 0.72, 0.59, 0.66, 0.71, 0.65,
      0.82, 0.69, 0.81, 0.67, 0.85, 0.63, 0.64, 0.75, 0.57, 0.69, 0.69, 0.62),
      ncol = 3)),
  four_visits = list(
    label = rep(c("responder", "non-responder"), c(4, 5)),
    wide = matrix(c(
      12.1, 9.8, 15.3, 11.0, 13.7, 10.2, 14.9, 8.7, 12.6,
      13.4, 9.1, 17.8, 12.2, 14.0, 10.9, 13.1, 9.6, 12.9,
      15.9, 12.5, 16.2, 14.8, 13.2, 11.4, 15.5, 8.1, 14.3,
      14.2, 13.9, 21.6, 13.1, 15.1, 9.7, 16.8, 10.4, 11.7),
      ncol = 4)),
  two_visits = list(
    label = rep(c("responder", "non-responder"), c(3, 3)),
    wide = matrix(c(3.1, 2.7, 4.4, 3.9, 2.2, 3.6,
                    4.0, 3.9, 4.1, 4.2, 2.9, 3.1), ncol = 2)),
  with_gaps = list(
    label = rep(c("responder", "non-responder"), c(6, 8)),
    wide = matrix(c(
      210, 180, 255, 190, 240, 205, 175, 230, 260, 195, 185, 220, 215, 200,
      260, NA, 270, 235, 251, 260, 181, 228, NA, 204, 190, 233, 209, 215,
      300, 231, 301, 242, NA, 288, 170, 241, 255, NA, 201, 240, 226, 190),
      ncol = 3)))

long <- do.call(rbind, lapply(names(cases), function(case) {
  one <- cases[[case]]
  k <- ncol(one$wide); n <- nrow(one$wide)
  data.frame(case = case, patient = rep(sprintf("P%02d", 1:n), k),
             label = rep(one$label, k),
             visit = rep(sprintf("m%02d", 6 * (seq_len(k) - 1)), each = n),
             value = as.double(one$wide))
}))
exact(long, "values.csv")

# Paired t of each later visit against the first.
paired <- do.call(rbind, lapply(names(cases), function(case) {
  wide <- cases[[case]]$wide
  do.call(rbind, lapply(2:ncol(wide), function(j) {
    both <- complete.cases(wide[, c(1, j)])
    found <- t.test(wide[both, j], wide[both, 1], paired = TRUE)
    data.frame(case = case,
               contrast = sprintf("m%02d - m00", 6 * (j - 1)), n = sum(both),
               estimate = unname(found$estimate), low = found$conf.int[1],
               high = found$conf.int[2], statistic = unname(found$statistic),
               df = unname(found$parameter), p = found$p.value)
  }))
}))
exact(paired, "paired_t.csv")

# Repeated-measures and mixed ANOVA by car, type III.
univariate <- function(wide, label) {
  whole <- complete.cases(wide)
  wide <- wide[whole, , drop = FALSE]
  visit <- factor(seq_len(ncol(wide)))
  contrasts(visit) <- contr.sum
  idata <- data.frame(visit = visit)
  fit <- if (is.null(label)) lm(wide ~ 1) else {
    label <- factor(label[whole]); contrasts(label) <- contr.sum
    lm(wide ~ label)
  }
  s <- summary(Anova(fit, idata = idata, idesign = ~ visit, type = "III"),
               multivariate = FALSE)
  u <- unclass(s$univariate.tests)
  rows <- setdiff(rownames(u), "(Intercept)")
  corrected <- s$pval.adjustments
  spheric <- s$sphericity.tests
  pick <- function(table, name, column) {
    # Two visits leave nothing to correct.
    if (ncol(wide) > 2 && name %in% rownames(table)) unname(table[name, column]) else NA
  }
  do.call(rbind, lapply(rows, function(name) {
    data.frame(effect = name, n = nrow(wide), ss = u[name, "Sum Sq"],
               df = u[name, "num Df"], ss_error = u[name, "Error SS"],
               df_error = u[name, "den Df"], statistic = u[name, "F value"],
               p = u[name, "Pr(>F)"],
               epsilon_gg = pick(corrected, name, "GG eps"),
               p_gg = pick(corrected, name, "Pr(>F[GG])"),
               epsilon_hf = pick(corrected, name, "HF eps"),
               p_hf = pick(corrected, name, "Pr(>F[HF])"),
               mauchly_w = pick(spheric, name, "Test statistic"),
               mauchly_p = pick(spheric, name, "p-value"))
  }))
}
every <- function(with_label) {
  do.call(rbind, lapply(names(cases), function(case) {
    one <- cases[[case]]
    cbind(case = case,
          suppressWarnings(univariate(one$wide, if (with_label) one$label)))
  }))
}
exact(every(FALSE), "rm_anova.csv")
exact(every(TRUE), "mixed_anova.csv")

# Tukey after a repeated-measures ANOVA, by emmeans on aov with Error.
tukey <- do.call(rbind, lapply(c("three_visits", "four_visits"), function(case) {
  # Global, as emmeans fits the model again.
  own <<- long[long$case == case, ]
  own$visit <<- factor(own$visit); own$patient <<- factor(own$patient)
  fit <- aov(value ~ visit + Error(patient / visit), data = own)
  found <- emmeans(fit, "visit")
  tests <- summary(pairs(found, reverse = TRUE, adjust = "tukey"))
  ends <- as.data.frame(confint(pairs(found, reverse = TRUE, adjust = "tukey")))
  q <- abs(tests$t.ratio) * sqrt(2)
  k <- nlevels(own$visit)
  data.frame(case = case, contrast = as.character(tests$contrast),
             estimate = tests$estimate, low = ends$lower.CL,
             high = ends$upper.CL, statistic = q, df = tests$df,
             p = ptukey(q, k, tests$df, lower.tail = FALSE))
}))
exact(tukey, "tukey.csv")

# One-way ANOVA with Bonferroni over declared pairs.
groups <- list(HC = c(4.1, 3.8, 5.0, 4.4, 4.7, 3.9), RRMS = c(3.2, 3.9, 2.8, 3.5),
               SPMS_m00 = c(2.9, 3.1, 2.2, 3.6, 2.7), SPMS_m12 = c(3.9, 4.2, 3.0, 4.4))
people <- data.frame(group = rep(names(groups), lengths(groups)),
                     value = unlist(groups, use.names = FALSE))
exact(people, "groups.csv")
fit <- aov(value ~ group, data = people)
overall <- summary(fit)[[1]]
means <- emmeans(fit, "group")
declared <- list("SPMS_m00 - HC" = c(-1, 0, 1, 0), "SPMS_m12 - HC" = c(-1, 0, 0, 1),
                 "SPMS_m00 - RRMS" = c(0, -1, 1, 0))
one <- contrast(means, declared, adjust = "bonferroni")
raw <- summary(contrast(means, declared, adjust = "none"))
one_way <- rbind(
  data.frame(contrast = "overall", estimate = NA, low = NA, high = NA,
             statistic = overall[1, "F value"], df = overall[1, "Df"],
             df_error = overall[2, "Df"], p = overall[1, "Pr(>F)"],
             p_adjusted = NA),
  data.frame(contrast = raw$contrast, estimate = raw$estimate,
             low = as.data.frame(confint(one))$lower.CL,
             high = as.data.frame(confint(one))$upper.CL, statistic = raw$t.ratio,
             df = raw$df, df_error = NA, p = raw$p.value,
             p_adjusted = summary(one)$p.value))
exact(one_way, "one_way.csv")

# Rank tests: coin, exact with ties; intervals by wilcox.test where nothing is tied.
signed <- list(
  plain = c(1.2, -0.4, 2.5, 0.9, 3.1, -1.7, 0.3),
  tied = c(1, 2, 2, -1, 3, 1, -2, 4, 2),
  zeros = c(0, 0, 1, 2, -1, 3, 1, 2, 0, 1),
  five_up = c(0.3, 0.5, 0.2, 0.9, 1.4),
  long = c(5, 3, 0, -2, 4, 4, 1, -1, 6, 2, 2, 0, 3, -4, 5, 1, 1, 7, 2, -3))
exact(do.call(rbind, lapply(names(signed), function(name) {
  data.frame(case = name, difference = signed[[name]])
})), "differences.csv")
exact(do.call(rbind, lapply(names(signed), function(name) {
  d <- signed[[name]]
  tied <- any(duplicated(abs(d))) || any(d == 0)
  interval <- if (tied) c(NA, NA, NA) else {
    w <- suppressWarnings(wilcox.test(d, conf.int = TRUE, exact = TRUE))
    # Too few values for 95 %: R returns less, we return no end.
    enough <- 2 / 2^length(d) <= 0.05
    c(unname(w$estimate), if (enough) w$conf.int else c(-Inf, Inf))
  }
  p <- function(rule) {
    frame <- data.frame(y = d, x = 0)
    as.double(pvalue(wilcoxsign_test(y ~ x, data = frame, distribution = "exact",
                                     zero.method = rule)))
  }
  data.frame(case = name, p_pratt = p("Pratt"), p_wilcoxon = p("Wilcoxon"),
             pseudo_median = interval[1], low = interval[2], high = interval[3])
})), "signed_rank.csv")

two <- list(
  five_v_seven = list(c(0.071, 0.094, 0.043, 0.112, 0.066),
                      c(0.012, -0.031, 0.024, 0.003, -0.008, 0.041, -0.017)),
  overlapping = list(c(1.31, -0.42, 2.75, 0.93, 0.57),
                     c(-0.12, 0.55, -1.07, 0.34, 0.21, 1.02)),
  tied = list(c(2, 1, 2, 2, 0), c(0, 1, 0, 0, 1, 2, 1)),
  many = list(c(14.2, 11.8, 15.9, 13.3, 12.7, 16.4, 14.8, 13.9, 15.1, 12.2, 14.4),
              c(12.9, 11.1, 13.6, 10.4, 12.1, 14.6, 11.5, 13.0, 10.9, 12.4, 11.9)))
exact(do.call(rbind, lapply(names(two), function(name) {
  data.frame(case = name, label = rep(c("first", "second"), lengths(two[[name]])),
             value = unlist(two[[name]]))
})), "two_groups.csv")
exact(do.call(rbind, lapply(names(two), function(name) {
  a <- two[[name]][[1]]; b <- two[[name]][[2]]
  frame <- data.frame(y = c(a, b), g = factor(rep(c("a", "b"), c(length(a), length(b)))))
  tied <- any(duplicated(frame$y))
  interval <- if (tied) c(NA, NA, NA) else {
    w <- wilcox.test(a, b, conf.int = TRUE, exact = TRUE)
    c(unname(w$estimate), w$conf.int)
  }
  curve <- roc(c(rep(1, length(a)), rep(0, length(b))), c(a, b), levels = c(0, 1),
               direction = "<", quiet = TRUE)
  ends <- suppressWarnings(ci.auc(curve, method = "delong"))
  data.frame(case = name,
             p = as.double(pvalue(wilcox_test(y ~ g, data = frame,
                                              distribution = "exact"))),
             shift = interval[1], low = interval[2], high = interval[3],
             auc = as.double(auc(curve)), delong_low = ends[1],
             delong_high = ends[3])
})), "rank_sum.csv")

# Hedges' g with the exact correction and the noncentral t's interval.
exact(do.call(rbind, lapply(names(two), function(name) {
  a <- two[[name]][[1]]; b <- two[[name]][[2]]
  n <- length(a); m <- length(b); df <- n + m - 2
  s <- sqrt(((n - 1) * var(a) + (m - 1) * var(b)) / df)
  d <- (mean(a) - mean(b)) / s
  j <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
  t <- d / sqrt(1 / n + 1 / m)
  end <- function(target) {
    uniroot(function(ncp) pt(t, df, ncp) - target, c(t - 15, t + 15),
            tol = 1e-12)$root * sqrt(1 / n + 1 / m)
  }
  data.frame(case = name, d = d, g = d * j, low = end(0.975), high = end(0.025))
})), "hedges.csv")
