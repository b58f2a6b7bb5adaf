# Bitstream of bico_system for a Zynq-7000 (board @BOARD@).
#
#   vivado -mode batch -source vivado.tcl
#
# NEVER RUN: written from the documentation, without Vivado and without a board at hand. What Vivado says goes before what stands here.
# Leaves bico.bit, bico.hwh (both for PYNQ), timing.json (for driver.py), utilisation.txt and timing.txt beside this script. A clock that the board
# can not make, or that the placed and routed design does not meet, is an error: no bitstream is left. To look at it all the same:
#
#   BICO_ANYWAY=1 vivado -mode batch -source vivado.tcl

set part @PART@
set clock_mhz @CLOCK_MHZ@
set hp_ports {@PORTS@}
set jobs 2
set anyway [info exists ::env(BICO_ANYWAY)]
# An error, or what is said where one was asked for.
proc refuse {anyway text} {
    if {!$anyway} {
        error "$text (set BICO_ANYWAY=1 to go on)"
    }
    puts "WARNING: $text"
}

set here [file dirname [file normalize [info script]]]
set project [file join $here vivado]
# What an earlier run left is of another design.
file delete -force {*}[lmap name {bico.bit bico.hwh timing.json} {file join $here $name}]
create_project -force bico $project -part $part

# The DDR settings of the board come from its board files where they are installed. A PYNQ image has set the DDR up at boot, so
# a bitstream loaded by PYNQ works without them; a design that boots on its own does not.
set boards [get_board_parts -quiet -latest_file_version "*:@BOARD@:*"]
if {[llength $boards] > 0} {
    set_property board_part [lindex $boards 0] [current_project]
} else {
    puts "WARNING: no board files for @BOARD@: the DDR settings of the processing system stay at their defaults"
}

set sources [concat [list [file join $here bico_pkg.sv]] [lsort [glob [file join $here bico_*.sv] [file join $here bico_*.v]]]]
add_files -norecurse [lsort -unique $sources]
set_property file_type SystemVerilog [get_files *.sv]
update_compile_order -fileset sources_1

# The processing system: one clock, one register port, the HP ports that the accelerator uses, one interrupt.
create_bd_design system
set ps [create_bd_cell -type ip -vlnv [lindex [get_ipdefs -filter {NAME == processing_system7}] end] ps7]
apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 \
    -config [list make_external "FIXED_IO, DDR" apply_board_preset [expr {[llength $boards] > 0}] Master Disable Slave Disable] $ps
set configuration [list CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock_mhz CONFIG.PCW_USE_M_AXI_GP0 1 \
    CONFIG.PCW_USE_FABRIC_INTERRUPT 1 CONFIG.PCW_IRQ_F2P_INTR 1]
foreach port $hp_ports {
    lappend configuration CONFIG.PCW_USE_S_AXI_HP$port 1 CONFIG.PCW_S_AXI_HP${port}_DATA_WIDTH 64
}
set_property -dict $configuration $ps

# PYNQ sets the dividers of the fabric clock when it loads a bitstream, and leaves it at the PLL that boot chose: the IO PLL. 150 MHz is no whole part of
# its 1000 MHz.
set_property CONFIG.PCW_FCLK0_PERIPHERAL_CLKSRC {IO PLL} $ps
set actual_mhz [get_property CONFIG.PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ $ps]
puts "fabric clock: asked $clock_mhz MHz, got $actual_mhz MHz"
if {abs($actual_mhz - $clock_mhz) > 0.001 * $clock_mhz} {
    refuse $anyway "this board makes no clock of $clock_mhz MHz; the nearest is $actual_mhz MHz: simulate and emit with --clock-mhz $actual_mhz"
}

# The accelerator, each master straight at its HP port: no interconnect between them, so no cycles that the simulator does not know.
set bico [create_bd_cell -type module -reference bico_system bico]
set clocks [list [get_bd_pins bico/aclk] [get_bd_pins ps7/M_AXI_GP0_ACLK]]
foreach port $hp_ports {
    lappend clocks [get_bd_pins ps7/S_AXI_HP${port}_ACLK]
    connect_bd_intf_net [get_bd_intf_pins bico/m_axi_hp$port] [get_bd_intf_pins ps7/S_AXI_HP$port]
}
foreach pin $clocks {
    connect_bd_net [get_bd_pins ps7/FCLK_CLK0] $pin
}
connect_bd_net [get_bd_pins bico/irq] [get_bd_pins ps7/IRQ_F2P]
# Reset controller and the path from the processor to the registers.
apply_bd_automation -rule xilinx.com:bd_rule:axi4 \
    -config [list Master /ps7/M_AXI_GP0 Slave /bico/s_axi Clk_master /ps7/FCLK_CLK0 Clk_slave /ps7/FCLK_CLK0 Clk_xbar /ps7/FCLK_CLK0] \
    [get_bd_intf_pins bico/s_axi]
if {[llength [get_bd_nets -quiet -of_objects [get_bd_pins bico/aresetn]]] == 0} {
    error "the automation left bico/aresetn unconnected: connect it to the peripheral_aresetn of the reset controller"
}
assign_bd_address
validate_bd_design
save_bd_design

add_files -norecurse [make_wrapper -files [get_files system.bd] -top]
set_property top system_wrapper [current_fileset]
update_compile_order -fileset sources_1
launch_runs impl_1 -to_step write_bitstream -jobs $jobs
wait_on_run impl_1
if {[get_property PROGRESS [get_runs impl_1]] ne "100%"} {
    error "implementation failed; see the logs in $project"
}

open_run impl_1
report_utilization -file [file join $here utilisation.txt]
report_timing_summary -file [file join $here timing.txt]
set setup_ns [get_property SLACK [get_timing_paths -delay_type max]]
set hold_ns [get_property SLACK [get_timing_paths -delay_type min]]
puts "worst setup slack: $setup_ns ns, worst hold slack: $hold_ns ns"
if {$setup_ns < 0 || $hold_ns < 0} {
    refuse $anyway "the clock of $actual_mhz MHz is not met (setup $setup_ns ns, hold $hold_ns ns): what it computes can be wrong"
}
foreach {pattern name} {*.bit bico.bit *.hwh bico.hwh} {
    # Versions of Vivado put the hardware description into different folders.
    set found {}
    foreach folder {bico.runs/impl_1 bico.gen/sources_1/bd/system/hw_handoff bico.srcs/sources_1/bd/system/hw_handoff} {
        set found [concat $found [glob -nocomplain [file join $project $folder $pattern]]]
    }
    if {[llength $found] == 0} {
        error "Vivado left no $pattern"
    }
    file copy -force [lindex $found 0] [file join $here $name]
}
# Last: where this is, the bitstream is the one that it speaks of.
set file [open [file join $here timing.json] w]
puts $file "{\"clock_mhz\": $actual_mhz, \"setup_slack_ns\": $setup_ns, \"hold_slack_ns\": $hold_ns}"
close $file
